import { KafkaError } from '../../errors/index.js';

const lineBreak = /\r\n|\n|\r/;
const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/**
 * Reads Java's `.properties` format: `name=value`, `name: value` or `name value`, comments from
 * `#` or `!` on, a backslash at the end of a line continues it, `\uXXXX` and the usual escapes.
 * The last value of a name counts. Fails with INVALID_ARGUMENT for a broken escape.
 */
export function parseProperties(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const lines = text.split(lineBreak);
  for (let at = 0; at < lines.length; at++) {
    let line = (lines[at] as string).trimStart();
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    while (isContinued(line) && at + 1 < lines.length) {
      at++;
      line = line.slice(0, -1) + (lines[at] as string).trimStart();
    }
    const end = endOfName(line);
    const name = unescape(line.slice(0, end));
    const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
    found.set(name, unescape(rest));
  }
  return found;
}

/** An odd number of backslashes at the end; an even one is text. */
function isContinued(line: string): boolean {
  const backslashes = /\\*$/.exec(line)?.[0].length ?? 0;
  return backslashes % 2 === 1;
}

function endOfName(line: string): number {
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '\\') at++;
    else if ('=: \t\f'.includes(character)) return at;
  }
  return line.length;
}

function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|u|.|$)/gs, (_whole, escaped: string) => {
    if (escaped === 'u') {
      throw new KafkaError('INVALID_ARGUMENT', `'${text}' has a \\u without four hex digits.`);
    }
    if (escaped.startsWith('u')) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return escapes[escaped] ?? escaped;
  });
}
