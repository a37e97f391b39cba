import { KafkaError } from '../errors/index.js';

/** A name is suggested when at most so many letters differ. */
const distanceMax = 4;

/**
 * Fails with INVALID_ARGUMENT when `options` has a name that nobody reads, with the nearest known
 * name as a suggestion: a misspelt option that is silently ignored costs more than an error.
 */
export function checkOptionNames(what: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const suggestion = nearestName(name, known);
    throw new KafkaError('INVALID_ARGUMENT', `${what} has no option '${name}'.`, {
      hint:
        suggestion === undefined ? `It knows ${known.join(', ')}.` : `Is '${suggestion}' meant?`,
    });
  }
}

/** The known name that is spelt most alike; dots, dashes and case count for nothing. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let least = distanceMax + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.replace(/[._-]/g, '').toLowerCase();
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Fails with INVALID_ARGUMENT unless the value is a whole number within the bounds. */
export function checkWhole(name: string, value: number, min: number, max = 0x7fffffff): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new KafkaError(
    'INVALID_ARGUMENT',
    `${name} is ${value}; a whole number from ${min} to ${max} is wanted.`,
  );
}
