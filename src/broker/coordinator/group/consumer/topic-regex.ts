/**
 * The regular expressions by which members subscribe: those of RE2, which Kafka uses, as far as
 * JavaScript can say the same. What RE2 refuses because it cannot be matched in linear time (back
 * references, look-around) is refused here too.
 */

/** Characters of an expression; longer ones are refused. */
export const regexLengthMax = 4096;

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/**
 * Makes a test for whole topic names, or undefined when RE2 would not take the expression. An
 * unescaped point matches every character.
 */
export function topicMatcher(expression: string): ((topic: string) => boolean) | undefined {
  if (expression.length > regexLengthMax) return undefined;
  const translated = translate(expression);
  if (translated === undefined) return undefined;
  try {
    const regex = new RegExp(`^(?:${translated.source})$`, translated.flags);
    return (topic) => regex.test(topic);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Translated {
  readonly source: string;
  readonly flags: string;
}

function translate(expression: string): Translated | undefined {
  const flagged = /^\(\?([imsU]+)\)/.exec(expression);
  const flags = new Set((flagged?.[1] ?? '').replace('U', ''));
  let source = '';
  let at = flagged?.[0].length ?? 0;
  while (at < expression.length) {
    const rest = expression.slice(at);
    const piece = nextPiece(rest);
    if (piece === undefined) return undefined;
    source += piece.source;
    at += piece.length;
  }
  return { source, flags: [...flags].join('') };
}

interface Piece {
  readonly source: string;
  readonly length: number;
}

function nextPiece(rest: string): Piece | undefined {
  const [first = '', second = ''] = rest;
  if (first === '\\') return escaped(rest, second);
  if (first === '[') return characterClass(rest);
  if (first === '(' && second === '?') return group(rest);
  return { source: first, length: 1 };
}

const plainEscapes = 'dDwWsSbBtnrfv';

function escaped(rest: string, second: string): Piece | undefined {
  if (second === '') return undefined;
  if (second === 'Q') {
    const end = rest.indexOf('\\E');
    const text = end < 0 ? rest.slice(2) : rest.slice(2, end);
    return { source: quoted(text), length: end < 0 ? rest.length : end + 2 };
  }
  if (second === 'A') return { source: '^', length: 2 };
  if (second === 'z') return { source: '$', length: 2 };
  if (second === 'x') {
    const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,4})\})/.exec(rest);
    const digits = hex?.[1] ?? hex?.[2];
    if (hex === null || digits === undefined) return undefined;
    return { source: `\\u${digits.padStart(4, '0')}`, length: hex[0].length };
  }
  if (plainEscapes.includes(second)) return { source: `\\${second}`, length: 2 };
  // Letters and digits mean something else or nothing at all; `\1` would look back.
  if (/[0-9A-Za-z]/.test(second)) return undefined;
  return { source: quoted(second), length: 2 };
}

/** Groups that only group, or have a name; look-around and atomic groups are not RE2's. */
function group(rest: string): Piece | undefined {
  if (rest.startsWith('(?:')) return { source: '(?:', length: 3 };
  const named = /^\(\?P?<[A-Za-z_][0-9A-Za-z_]*>/.exec(rest);
  return named === null ? undefined : { source: '(?:', length: named[0].length };
}

function characterClass(rest: string): Piece | undefined {
  let at = rest.startsWith('[^') ? 2 : 1;
  let source = rest.slice(0, at);
  // A bracket that comes first stands for itself.
  if (rest[at] === ']') {
    source += '\\]';
    at += 1;
  }
  while (at < rest.length) {
    const character = rest[at] ?? '';
    if (character === ']') return { source: `${source}]`, length: at + 1 };
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest.slice(at));
    if (posix !== null) {
      const members = posixClasses[posix[2] ?? ''];
      if (members === undefined || posix[1] === '^') return undefined;
      source += members;
      at += posix[0].length;
    } else if (character === '\\') {
      const piece = escaped(rest.slice(at), rest[at + 1] ?? '');
      if (piece === undefined || /^[\^$]/.test(piece.source)) return undefined;
      source += piece.source;
      at += piece.length;
    } else {
      source += character === '[' ? '\\[' : character;
      at += 1;
    }
  }
  return undefined;
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
