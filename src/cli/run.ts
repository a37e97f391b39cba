import { fileURLToPath } from 'node:url';
import { isKafkaError } from '../errors/index.js';
import { CommandFailure, type CommandSpec, UsageError } from './command.js';
import { commands, findCommand } from './commands.js';
import { commandHelp, familyHelp, overview } from './help.js';
import { parseInput } from './input.js';
import { type CliIo, say } from './io.js';
import { nearest } from './nearest.js';

/** Exit codes: done, failed, wrong usage, done in part. */
export const exitCodes = { done: 0, failed: 1, usage: 2, partial: 3 } as const;

/** Runs one command line (without `node` and the script) and returns its exit code. */
export async function runCommandLine(args: readonly string[], io: CliIo): Promise<number> {
  const debug = args.includes('--debug');
  const found = findCommand(args);
  try {
    if (found === undefined) return await withoutCommand(args, io);
    const { command, rest } = found;
    if (wantsHelp(rest)) return await print(io, commandHelp(command));
    const input = parseInput(command, rest);
    for (const warning of input.warnings) say(io, `kafkit: ${warning}`);
    const run = await command.load();
    return await run(input, io);
  } catch (error) {
    return report(error, found?.command, debug, io);
  }
}

/** `--help` counts as a request for help wherever it stands, unless it comes after `--`. */
function wantsHelp(rest: readonly string[]): boolean {
  const end = rest.indexOf('--');
  const own = end < 0 ? rest : rest.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

async function withoutCommand(args: readonly string[], io: CliIo): Promise<number> {
  const words = args.filter((word) => word !== 'help' && word !== '--help' && word !== '-h');
  const [first] = words;
  if (first === '--version' || first === '-V' || first === 'version') {
    return print(io, `${versionOf(io)}\n`);
  }
  if (first === undefined) return print(io, overview());
  const asked = findCommand(words);
  if (asked !== undefined) return print(io, commandHelp(asked.command));
  const family = familyHelp(first);
  if (family === undefined) {
    const near = nearest(first, new Set(commands.map((each) => each.name.split(' ')[0] ?? '')));
    const hint = near === undefined ? undefined : `Did you mean "kafkit ${near}"?`;
    throw new UsageError(`There is no command "${first}".`, hint);
  }
  if (words.length < args.length) return print(io, family);
  const wanted = words[1] === undefined || words[1].startsWith('-') ? undefined : words[1];
  const what = wanted === undefined ? 'is not enough' : `knows no "${wanted}"`;
  const verbs = family.split('\n').flatMap((line) => /^ {2}kafkit \S+ (\S+)/.exec(line)?.[1] ?? []);
  throw new UsageError(`"kafkit ${first}" ${what}.`, `Choose one of ${verbs.join(', ')}.`);
}

async function print(io: CliIo, text: string): Promise<number> {
  await io.stdout.write(text);
  return exitCodes.done;
}

function versionOf(io: CliIo): string {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url));
  const parsed: unknown = JSON.parse(io.system.disk.readFile(path).toString('utf8'));
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed;
  return version ? `kafkit ${String(parsed.version)}` : 'kafkit';
}

/** Says in one line what went wrong; the stack only when asked for. */
function report(
  error: unknown,
  command: CommandSpec | undefined,
  debug: boolean,
  io: CliIo,
): number {
  if (error instanceof UsageError) {
    const help = command === undefined ? 'kafkit --help' : `kafkit ${command.name} --help`;
    say(io, `kafkit: ${error.message}${error.hint ? ` ${error.hint}` : ''} See ${help}`);
    return exitCodes.usage;
  }
  say(io, `kafkit: ${oneLine(error)}`);
  if (debug) say(io, storyOf(error));
  return exitCodes.failed;
}

function oneLine(error: unknown): string {
  if (error instanceof CommandFailure) {
    return `${error.message}${error.hint ? ` ${error.hint}` : ''}`;
  }
  if (isKafkaError(error)) return error.message.replaceAll('\n', ' ');
  const text = error instanceof Error ? error.message : String(error);
  return `${text.replaceAll('\n', ' ')} (unexpected; --debug shows where)`;
}

function storyOf(error: unknown): string {
  const lines: string[] = [];
  for (let each = error, depth = 0; each !== undefined && depth < 8; depth++) {
    const stack =
      each instanceof Error ? (each.stack ?? each.message) : 'something that is no error';
    lines.push(`${depth === 0 ? '' : 'caused by: '}${stack}`);
    each = each instanceof Error ? each.cause : undefined;
  }
  return lines.join('\n');
}
