import { KafkaError } from '../../../../errors/index.js';
import { classEscape, namedClass, type CharacterTest } from './regex-classes.js';

/** A regular expression, taken apart. */
export type RegexNode =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'position'; readonly at: 'start' | 'end' | 'boundary' | 'no-boundary' }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | {
      readonly kind: 'repetition';
      readonly item: RegexNode;
      readonly min: number;
      /** Infinity where there is no limit. */
      readonly max: number;
    };

/** The highest count of a repetition, as in RE2. */
const repeatMax = 1000;
/** Groups within groups. */
const depthMax = 200;

/** Reads the syntax of RE2; fails with INVALID_REGULAR_EXPRESSION and a reason in RE2's words. */
export function parseRegex(expression: string): RegexNode {
  const parser = new RegexParser(expression);
  const node = parser.choice(0);
  parser.expectEnd();
  return node;
}

function invalid(reason: string): KafkaError {
  return new KafkaError('INVALID_REGULAR_EXPRESSION', reason);
}

class RegexParser {
  readonly #text: string;
  #at = 0;
  #ignoresCase = false;
  /** Whether a point matches line breaks, too. */
  #isSingleLine = false;

  constructor(text: string) {
    this.#text = text;
  }

  expectEnd(): void {
    if (this.#at < this.#text.length) throw invalid('unexpected )');
  }

  choice(depth: number): RegexNode {
    if (depth > depthMax) throw invalid('expression nests too deeply');
    const options = [this.#sequence(depth)];
    while (this.#take('|')) options.push(this.#sequence(depth));
    return { kind: 'choice', options };
  }

  #sequence(depth: number): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', items };
      const item = this.#item(depth);
      if (item !== undefined) items.push(...this.#repeated(item));
    }
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #matched(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  /** Undefined for what only sets flags. Several for a quotation. */
  #item(depth: number): readonly RegexNode[] | undefined {
    const character = this.#text[this.#at] ?? '';
    if (character === '(') return this.#group(depth);
    if (character === '[') return [this.#characterClass()];
    if (character === '\\') return this.#escape();
    if ('*+?'.includes(character) || this.#isCount()) {
      throw invalid('missing argument to repetition operator');
    }
    this.#at += 1;
    if (character === '.') return [this.#character((code) => this.#isSingleLine || code !== 10)];
    if (character === '^') return [{ kind: 'position', at: 'start' }];
    if (character === '$') return [{ kind: 'position', at: 'end' }];
    return [this.#literal(character)];
  }

  #literal(character: string): RegexNode {
    const code = character.charCodeAt(0);
    return this.#character((other) => other === code);
  }

  #character(test: CharacterTest): RegexNode {
    if (!this.#ignoresCase) return { kind: 'character', test };
    const either: CharacterTest = (code) => {
      const text = String.fromCharCode(code);
      return [text, text.toLowerCase(), text.toUpperCase()].some((one) => test(one.charCodeAt(0)));
    };
    return { kind: 'character', test: either };
  }

  #isCount(): boolean {
    return /^\{\d+(,\d*)?\}/.test(this.#text.slice(this.#at, this.#at + 32));
  }

  #repeated(items: readonly RegexNode[]): RegexNode[] {
    const [last, ...before] = [...items].reverse();
    const count = this.#count();
    if (last === undefined || count === undefined) return [...items];
    this.#take('?');
    if (this.#count() !== undefined) throw invalid('invalid nested repetition operator');
    return [...before.reverse(), { kind: 'repetition', item: last, ...count }];
  }

  #count(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const found = this.#matched(/\{(\d+)(,(\d*))?\}/y);
    if (found === null) return undefined;
    const min = Number(found[1]);
    const limit = found[3] === '' ? Infinity : Number(found[3]);
    const max = found[2] === undefined ? min : limit;
    const isWithin = min <= repeatMax && (max === Infinity || max <= repeatMax);
    if (!isWithin || min > max) throw invalid('invalid repeat count');
    return { min, max };
  }

  #group(depth: number): readonly RegexNode[] | undefined {
    const ignoresCase = this.#ignoresCase;
    const isSingleLine = this.#isSingleLine;
    this.#at += 1;
    if (this.#text[this.#at] === '?' && this.#matched(/\?P?<[A-Za-z_]\w*>/y) === null) {
      const flags = this.#matched(/\?([imsU]*)(?:-([imsU]+))?([:)])/y);
      if (flags === null) throw invalid('invalid or unsupported Perl syntax');
      this.#setFlags(flags[1] ?? '', true);
      this.#setFlags(flags[2] ?? '', false);
      // Without a colon the flags hold until the group around them ends.
      if (flags[3] === ')') return undefined;
    }
    const inner = this.choice(depth + 1);
    if (!this.#take(')')) throw invalid('missing closing )');
    this.#ignoresCase = ignoresCase;
    this.#isSingleLine = isSingleLine;
    return [inner];
  }

  #setFlags(flags: string, value: boolean): void {
    if (flags.includes('i')) this.#ignoresCase = value;
    if (flags.includes('s')) this.#isSingleLine = value;
  }

  #escape(): readonly RegexNode[] {
    if (this.#take('\\Q')) {
      const end = this.#text.indexOf('\\E', this.#at);
      const quoted = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 2;
      return Array.from({ length: quoted.length }, (_, at) => this.#literal(quoted[at] ?? ''));
    }
    if (this.#take('\\A')) return [{ kind: 'position', at: 'start' }];
    if (this.#take('\\z')) return [{ kind: 'position', at: 'end' }];
    if (this.#take('\\b')) return [{ kind: 'position', at: 'boundary' }];
    if (this.#take('\\B')) return [{ kind: 'position', at: 'no-boundary' }];
    return [this.#character(this.#escapedTest().test)];
  }

  #escapedTest(): { readonly test: CharacterTest; readonly code: number | undefined } {
    const found = classEscape(this.#text, this.#at);
    if (typeof found === 'string') throw invalid(found);
    this.#at += found.length;
    return found;
  }

  #characterClass(): RegexNode {
    this.#at += 1;
    const isNegated = this.#take('^');
    const tests: CharacterTest[] = [];
    for (let isFirst = true; isFirst || this.#text[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#text.length) throw invalid('missing closing ]');
      const posix = this.#matched(/\[:(\^?)(\w+):\]/y);
      if (posix !== null) tests.push(this.#posix(posix[2] ?? '', posix[1] === '^'));
      else tests.push(this.#range());
    }
    this.#at += 1;
    const isIn = this.#character((code) => tests.some((test) => test(code)));
    if (!isNegated || isIn.kind !== 'character') return isIn;
    return { kind: 'character', test: (code) => !isIn.test(code) };
  }

  #posix(name: string, isNegated: boolean): CharacterTest {
    const test = namedClass(name);
    if (test === undefined) throw invalid('invalid character class range');
    return isNegated ? (code) => !test(code) : test;
  }

  #range(): CharacterTest {
    const from = this.#member();
    const isRange =
      this.#text[this.#at] === '-' && !['', ']'].includes(this.#text[this.#at + 1] ?? '');
    // After a class such as `\d` a dash stands for itself.
    if (!isRange || from.code === undefined) return from.test;
    this.#at += 1;
    const to = this.#member();
    const [low, high] = [from.code, to.code] as const;
    if (high === undefined || low > high) {
      throw invalid('invalid character class range');
    }
    return (code) => code >= low && code <= high;
  }

  #member(): { readonly test: CharacterTest; readonly code: number | undefined } {
    if (this.#text[this.#at] === '\\') return this.#escapedTest();
    if (this.#at >= this.#text.length) throw invalid('missing closing ]');
    const code = this.#text.charCodeAt(this.#at);
    this.#at += 1;
    return { test: (other) => other === code, code };
  }
}
