import { UsageError } from './command.js';

/** Where to begin in a partition, as a person writes it. */
export type OffsetSpec =
  | { readonly at: 'start' }
  | { readonly at: 'end' }
  | { readonly at: 'offset'; readonly offset: number }
  /** So many records before the end. */
  | { readonly at: 'tail'; readonly count: number }
  /** The first record with this timestamp (milliseconds) or a later one. */
  | { readonly at: 'time'; readonly timestamp: number };

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `start`, `end`, `42`, `-10`, `@1700000000000`, `@2026-01-31T10:00`, `@-1h`. */
export function parseOffsetSpec(text: string, now: number): OffsetSpec {
  if (text === 'start' || text === 'beginning' || text === 'earliest') return { at: 'start' };
  if (text === 'end' || text === 'latest') return { at: 'end' };
  if (/^\d+$/.test(text)) return { at: 'offset', offset: safe(text, text) };
  if (/^-\d+$/.test(text)) return { at: 'tail', count: safe(text.slice(1), text) };
  if (text.startsWith('@')) return { at: 'time', timestamp: parseTime(text.slice(1), now) };
  throw new UsageError(
    `"${text}" is no offset.`,
    'Use start, end, a number, -N for the last N, or @ and a time.',
  );
}

/** Reads milliseconds since 1970, a date, or a duration back from now such as `-1h`. */
export function parseTime(text: string, now: number): number {
  if (/^\d{6,}$/.test(text)) return safe(text, text);
  const ago = /^-?(\d+)(ms|s|m|h|d)$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date;
  throw new UsageError(
    `"${text}" is no time.`,
    'Use milliseconds since 1970, a date such as 2026-01-31T10:00, or -1h.',
  );
}

/** Reads an ISO 8601 duration such as `PT1H30M` or `P2D`, as milliseconds. */
export function parseIsoDuration(text: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null || /[PT]$/.test(text)) {
    throw new UsageError(`"${text}" is no duration.`, 'Write it as PT1H, PT30M or P2D.');
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((n) => Number(n ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function safe(digits: string, written: string): number {
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return number;
  throw new UsageError(`"${written}" is too large for an offset.`);
}
