import type { CommandSpec, FlagSpec } from './command.js';
import { commands } from './commands.js';
import { everywhere } from './input.js';

/** What `kafkit --help` prints. */
export function overview(): string {
  const own = visible().filter((each) => !isTutorialSpelling(each));
  const tutorial = visible().filter(isTutorialSpelling);
  return [
    'kafkit: Kafka for TypeScript. A broker, a client and the tools, in one program.',
    '',
    'Usage: kafkit COMMAND [flags]',
    '',
    ...columns(own.map((each) => [`  kafkit ${each.name}`, each.summary])),
    '',
    'The names of the Kafka tutorials, with or without .sh:',
    ...columns(tutorial.map((each) => [`  kafkit ${each.name}`, each.summary])),
    '',
    'kafkit COMMAND --help tells more about one of them; kafkit --version says which this is.',
    '',
  ].join('\n');
}

/** What `kafkit topics` prints: the commands that begin with this word; undefined if none does. */
export function familyHelp(word: string): string | undefined {
  const members = visible().filter((each) => each.name.startsWith(`${word} `));
  if (members.length === 0) return undefined;
  const lines = columns(members.map((each) => [`  kafkit ${each.name}`, each.summary]));
  return [`Usage: kafkit ${word} COMMAND [flags]`, '', ...lines, ''].join('\n');
}

/** What `kafkit COMMAND --help` prints. */
export function commandHelp(command: CommandSpec): string {
  const own = command.flags.filter((flag) => flag.ignored === undefined);
  const blocks = [
    `${usageOf(command)}\n\n${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.details === undefined ? [] : [command.details]),
    ['Flags:', ...columns([...own, ...everywhere].map(flagRow))].join('\n'),
    ...(command.examples === undefined
      ? []
      : [['Examples:', ...command.examples.map((each) => `  ${each}`)].join('\n')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** `Usage: kafkit consume TOPIC… [flags]`. */
export function usageOf(command: CommandSpec): string {
  const operands = command.operands === undefined ? '' : ` ${command.operands}`;
  return `Usage: kafkit ${command.name}${operands} [flags]`;
}

/** The commands that help texts and the reference page show. */
export function visible(): readonly CommandSpec[] {
  return commands.filter((each) => each.hidden !== true);
}

/** Whether a command is one of the old shell scripts under its own name. */
export function isTutorialSpelling(command: CommandSpec): boolean {
  return /^(kafka|zookeeper)-/.test(command.name);
}

/** `-b, --bootstrap-server HOST:PORT`. */
export function flagTitle(flag: FlagSpec): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}

/** The sentence of a flag with what is worth knowing besides. */
export function flagText(flag: FlagSpec): string {
  const notes = [
    ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
    ...(flag.many === true ? ['may be repeated'] : []),
    ...(flag.aliases === undefined ? [] : [`also ${dashed(flag.aliases)}`]),
    ...(flag.formerly === undefined ? [] : [`formerly ${dashed(flag.formerly)}`]),
  ];
  return notes.length === 0 ? flag.text : `${flag.text} (${notes.join('; ')})`;
}

function dashed(names: readonly string[]): string {
  return names.map((name) => `--${name}`).join(', ');
}

function flagRow(flag: FlagSpec): [string, string] {
  const indent = flag.short === undefined ? '      ' : '  ';
  return [`${indent}${flagTitle(flag)}`, flagText(flag)];
}

/** Two columns; the second is broken at 100 columns, and starts anew below a very long first. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(38, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, 98 - width);
    const blank = ' '.repeat(width);
    const [first = '', ...others] = lines;
    const head =
      left.length > width ? [left, `${blank}  ${first}`] : [`${left.padEnd(width)}  ${first}`];
    return [...head, ...others.map((line) => `${blank}  ${line}`)].map((line) => line.trimEnd());
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
