import type { CommandSpec, FlagSpec } from './command.js';
import { flagText, flagTitle, isTutorialSpelling, usageOf, visible } from './help.js';
import { everywhere, type Input } from './input.js';
import type { CliIo } from './io.js';

/** `kafkit reference`: for whoever changes the table. */
export async function reference(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  await io.stdout.write(cliReference());
  return 0;
}

/** The page `docs/reference/cli.md`, printed from the table of commands. */
export function cliReference(): string {
  const own = visible().filter((each) => !isTutorialSpelling(each));
  const tutorial = visible().filter(isTutorialSpelling);
  return [
    '# The command line',
    '',
    'Printed from the table in `src/cli/commands.ts`; `kafkit COMMAND --help` says the same.',
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part. What is meant for programs',
    'goes to stdout, what is meant for people to stderr. The environment variable `KAFKA`',
    'replaces the default bootstrap server. Everywhere:',
    '',
    ...flagTable(everywhere),
    ...own.flatMap(section),
    '## The names of the tutorials',
    '',
    "Apache's scripts under their own names, with or without `.sh`, with their flags and their",
    'output. Older spellings work too, with a warning.',
    '',
    ...tutorial.flatMap((each) => section(each).map((line) => line.replace(/^## /, '### '))),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function section(command: CommandSpec): string[] {
  const effective = command.flags.filter((flag) => flag.ignored === undefined);
  const ignored = command.flags.filter((flag) => flag.ignored !== undefined);
  return [
    `## ${command.name}`,
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
    '',
    '```',
    usageOf(command).replace('Usage: ', ''),
    ...(command.examples ?? []).map((each) => `# ${each}`),
    '```',
    '',
    ...(command.details === undefined ? [] : [escape(command.details), '']),
    ...(effective.length === 0 ? [] : flagTable(effective)),
    ...(ignored.length === 0
      ? []
      : [
          `Accepted without effect: ${ignored.map((flag) => `\`--${flag.name}\``).join(', ')}.`,
          '',
        ]),
  ];
}

function flagTable(flags: readonly FlagSpec[]): string[] {
  const rows = flags.map(
    (flag) => `| \`${cell(flagTitle(flag))}\` | ${cell(escape(flagText(flag)))} |`,
  );
  return ['| flag | |', '|---|---|', ...rows, ''];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function escape(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
