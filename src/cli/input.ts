import { parseArgs } from 'node:util';
import { type CommandSpec, type FlagSpec, UsageError } from './command.js';
import { nearest } from './nearest.js';

/** What every command understands besides its own flags. */
export const everywhere: readonly FlagSpec[] = [
  { name: 'help', short: 'h', text: 'print this help' },
  { name: 'debug', text: 'show the whole story of an error, and what the client logs' },
];

interface Known {
  readonly flag: FlagSpec;
  readonly former: boolean;
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** The flags and operands of one call, checked against the command's table. */
export class Input {
  readonly command: CommandSpec;
  readonly operands: readonly string[];
  /** Sentences about spellings that are old or have no effect. */
  readonly warnings: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(
    command: CommandSpec,
    values: ReadonlyMap<string, readonly string[]>,
    operands: readonly string[],
    warnings: readonly string[],
  ) {
    this.command = command;
    this.operands = operands;
    this.warnings = warnings;
    this.#values = values;
  }

  /** Whether a switch, or a flag with a value, was given. */
  has(name: string): boolean {
    return this.#valuesOf(name).length > 0;
  }

  /** The last value given, as Unix tools do. */
  text(name: string): string | undefined {
    return this.#valuesOf(name).at(-1);
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is missing.`);
    return value;
  }

  /** Every value of a flag that may be repeated. */
  list(name: string): readonly string[] {
    return this.#valuesOf(name);
  }

  /** A whole number of at least `minimum`. */
  number(name: string, minimum = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(number) || number < minimum) {
      throw new UsageError(`--${name} wants a whole number from ${minimum} on, not "${text}".`);
    }
    return number;
  }

  /** One of the given words. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) {
      throw new UsageError(`--${name} wants one of ${words.join(', ')}, not "${text}".`);
    }
    return word;
  }

  /** The `key=value` pairs of a repeated flag; a later one replaces an earlier one. */
  pairs(name: string): Map<string, string> {
    const pairs = new Map<string, string>();
    for (const text of this.list(name)) {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError(`--${name} wants key=value, not "${text}".`);
      pairs.set(text.slice(0, at), text.slice(at + 1));
    }
    return pairs;
  }

  /** The one operand of commands that take exactly one. */
  onlyOperand(what: string): string {
    const [first, second] = this.operands;
    if (first === undefined) throw new UsageError(`The ${what} is missing.`);
    if (second !== undefined) throw new UsageError(`One ${what} only; "${second}" is too much.`);
    return first;
  }

  noOperands(): void {
    const [first] = this.operands;
    if (first !== undefined) throw new UsageError(`"${first}" is too much.`);
  }

  #valuesOf(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/** Reads `args` (what follows the command's words) by the command's table. */
export function parseInput(command: CommandSpec, args: readonly string[]): Input {
  const known = knownFlags(command);
  const { tokens } = parseArgs({
    args: [...args],
    options: optionsOf(known),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const warnings = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const found = known.get(token.name);
    if (found === undefined) throw unknownFlag(token.rawName, known);
    const { flag } = found;
    if (found.former) warnings.add(`${token.rawName} is an old spelling: use --${flag.name}.`);
    if (flag.ignored !== undefined) warnings.add(`${token.rawName}: ${flag.ignored}`);
    const value = valueOf(flag, token.rawName, token.value, token.inlineValue === true);
    const list = values.get(flag.name);
    if (list === undefined) values.set(flag.name, [value]);
    else list.push(value);
  }
  return new Input(command, values, operands, [...warnings]);
}

function knownFlags(command: CommandSpec): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const flag of [...command.flags, ...everywhere]) {
    for (const name of [flag.name, ...(flag.aliases ?? [])])
      known.set(name, { flag, former: false });
    for (const name of flag.formerly ?? []) known.set(name, { flag, former: true });
  }
  return known;
}

function optionsOf(known: ReadonlyMap<string, Known>): Options {
  const options: Options = {};
  for (const [name, { flag }] of known) {
    const type = flag.value === undefined ? 'boolean' : 'string';
    const short = name === flag.name ? flag.short : undefined;
    options[name] = { type, multiple: true, ...(short === undefined ? {} : { short }) };
  }
  return options;
}

function valueOf(
  flag: FlagSpec,
  written: string,
  value: string | undefined,
  inline: boolean,
): string {
  if (flag.value === undefined) {
    if (value === undefined) return 'true';
    throw new UsageError(`${written} is a switch and takes no value.`);
  }
  // "--topic --partitions 3": the value was forgotten. Negative numbers and "-1h" are values.
  const looksLikeFlag = !inline && value !== undefined && /^--?[a-zA-Z]/.test(value);
  if (value === undefined || looksLikeFlag) {
    throw new UsageError(`${written} wants a value: ${written} ${flag.value}.`);
  }
  return value;
}

function unknownFlag(written: string, known: ReadonlyMap<string, Known>): UsageError {
  const name = nearest(written.replace(/^-+/, ''), known.keys());
  return new UsageError(
    `There is no ${written} here.`,
    name === undefined ? undefined : `Did you mean --${name}?`,
  );
}
