/** Whether a character, by its UTF-16 code, is meant. */
export type CharacterTest = (code: number) => boolean;

const posix: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  ascii: /\p{ASCII}/u,
  blank: /[\t ]/,
  cntrl: /(?=\p{ASCII})\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};

const perl: Readonly<Record<string, RegExp>> = {
  d: /[0-9]/,
  s: /[\t\n\f\r ]/,
  w: /[0-9A-Za-z_]/,
};

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** One of POSIX's classes; undefined when there is none of this name. */
export function namedClass(name: string): CharacterTest | undefined {
  const pattern = Object.hasOwn(posix, name) ? posix[name] : undefined;
  return pattern === undefined ? undefined : testOf(pattern, false);
}

interface Escape {
  readonly length: number;
  readonly test: CharacterTest;
  /** Of a single character. */
  readonly code: number | undefined;
}

/** What a backslash at this place means, or what RE2 says against it. */
export function classEscape(text: string, at: number): Escape | string {
  const letter = text[at + 1];
  if (letter === undefined) return 'trailing backslash at end of expression';
  const lower = letter.toLowerCase();
  const isNegated = letter !== lower;
  const known = Object.hasOwn(perl, lower) ? perl[lower] : undefined;
  if (known !== undefined) return { length: 2, test: testOf(known, isNegated), code: undefined };
  if (lower === 'p') return property(text, at, isNegated);
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control !== undefined) return single(control, 2);
  const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,4})\})/.exec(text.slice(at, at + 8));
  if (hex !== null) return single(Number.parseInt(hex[1] ?? hex[2] ?? '', 16), hex[0].length);
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(text.slice(at, at + 4));
  if (octal !== null) return single(Number.parseInt(octal[1] ?? '', 8), octal[0].length);
  // Other letters and digits mean nothing; `\1` would look back.
  if (/[0-9A-Za-z]/.test(letter)) return 'invalid escape sequence';
  return single(letter.charCodeAt(0), 2);
}

function single(code: number, length: number): Escape {
  return { length, test: (other) => other === code, code };
}

/** `\pL`, `\p{Lu}`, `\p{Greek}`, `\p{^Lu}`: categories and scripts of Unicode. */
function property(text: string, at: number, isNegated: boolean): Escape | string {
  const found = /^\\[pP](?:\{(\^?)(\w+)\}|(\w))/.exec(text.slice(at, at + 64));
  const name = found?.[2] ?? found?.[3];
  if (found === null || name === undefined) return 'invalid character class range';
  for (const spelt of [name, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`\\p{${spelt}}`, 'u');
      const test = testOf(pattern, isNegated !== (found[1] === '^'));
      return { length: found[0].length, test, code: undefined };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return 'invalid character class range';
}

function testOf(pattern: RegExp, isNegated: boolean): CharacterTest {
  return (code) => pattern.test(String.fromCharCode(code)) !== isNegated;
}
