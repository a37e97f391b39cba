import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { realSystem } from '../system/index.js';
import { UsageError } from './command.js';
import { commands, findCommand } from './commands.js';
import { parseInput } from './input.js';
import type { CliIo, Output } from './io.js';
import { cliReference } from './reference.js';
import { runCommandLine } from './run.js';

class FakeOutput implements Output {
  readonly isTerminal = false;
  readonly columns = 80;
  readonly closed = false;
  text = '';

  write(text: string | Uint8Array): undefined {
    this.text += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
  }
}

interface FakeIo extends CliIo {
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
}

function fakeIo(stdin = ''): FakeIo {
  return {
    stdout: new FakeOutput(),
    stderr: new FakeOutput(),
    stdin: async function* () {
      yield Buffer.from(stdin);
    },
    stdinIsTerminal: false,
    interrupted: new AbortController().signal,
    system: realSystem(),
    self: [],
  };
}

async function run(...args: string[]) {
  const io = fakeIo();
  const code = await runCommandLine(args, io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('the command line', () => {
  test('without a command prints an overview of all that are not hidden', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    for (const { name, hidden } of commands) {
      if (hidden !== true) expect(stdout).toContain(`kafkit ${name}`);
    }
    expect(stdout).not.toContain('demo-consumer');
  });

  test('prints help for every command, whatever else stands there', async () => {
    for (const { name, flags } of commands) {
      const { code, stdout } = await run(...name.split(' '), '--no-such-flag', '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: kafkit ${name}`);
      for (const flag of flags.filter((each) => each.ignored === undefined)) {
        expect(stdout).toContain(`--${flag.name}`);
      }
    }
  });

  test('has help texts that fit into 100 columns', async () => {
    for (const { name } of commands) {
      const { stdout } = await run(...name.split(' '), '--help');
      expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    }
  });

  test('says its version', async () => {
    const { code, stdout } = await run('--version');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^kafkit \d+\.\d+/),
    });
  });

  test('suggests a command for one that does not exist, with exit code 2', async () => {
    const { code, stderr } = await run('topcis');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'kafkit: There is no command "topcis". Did you mean "kafkit topics"? See kafkit --help\n',
    );
  });

  test('lists the commands of a family when one is missing', async () => {
    const { code, stderr } = await run('topics', 'crate');
    expect(code).toBe(2);
    expect(stderr).toContain('list, create, describe, alter, delete');
    expect((await run('topics', '--help')).code).toBe(0);
  });

  test('suggests a flag for one that does not exist', async () => {
    const { code, stderr } = await run('topics', 'create', 'orders', '--partition', '3');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean --partitions?');
  });

  test('takes the scripts of tutorials with .sh', () => {
    expect(findCommand(['kafka-topics.sh', '--list'])?.command.name).toBe('kafka-topics');
  });

  test('says that ZooKeeper is not needed, and succeeds', async () => {
    const { code, stderr, stdout } = await run('zookeeper-server-start.sh', 'zoo.properties');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('no longer needed');
  });

  test('names a missing configuration file in one line', async () => {
    const { code, stderr } = await run('up', '--config', '/nowhere/server.properties');
    expect(code).toBe(1);
    expect(stderr).toBe('kafkit: There is no file /nowhere/server.properties.\n');
  });
});

describe('the table of commands', () => {
  test('gives no command two flags of one name or letter', () => {
    for (const { name, flags } of commands) {
      const names = flags.flatMap((flag) => [
        flag.name,
        ...(flag.short === undefined ? [] : [flag.short]),
        ...(flag.aliases ?? []),
        ...(flag.formerly ?? []),
      ]);
      expect({ name, names: [...new Set(names)] }).toEqual({ name, names });
    }
  });

  test('loads code for every command', async () => {
    for (const command of commands) expect(await command.load()).toBeTypeOf('function');
  });

  test('is what docs/reference/cli.md was printed from', () => {
    const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
    const page = join(root, 'docs', 'reference', 'cli.md');
    if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, cliReference());
    expect(readFileSync(page, 'utf8')).toBe(cliReference());
  });
});

describe('flags', () => {
  const consume = findCommand(['consume'])?.command;
  const topics = findCommand(['kafka-topics'])?.command;
  if (consume === undefined || topics === undefined) throw new Error('the table has lost commands');

  test('take negative numbers and durations as values', () => {
    expect(parseInput(consume, ['orders', '-o', '-10']).text('offset')).toBe('-10');
    expect(parseInput(consume, ['orders', '-o-10']).text('offset')).toBe('-10');
    expect(parseInput(consume, ['orders', '--offset', '-10']).text('offset')).toBe('-10');
    expect(parseInput(consume, ['orders', '--offset=@-1h']).text('offset')).toBe('@-1h');
  });

  test('notice that a value was forgotten', () => {
    expect(() => parseInput(topics, ['--create', '--topic', '--partitions', '3'])).toThrow(
      '--topic wants a value: --topic TOPIC.',
    );
    expect(() => parseInput(topics, ['--create', '--topic'])).toThrow(UsageError);
  });

  test('that are switches take no value', () => {
    expect(() => parseInput(topics, ['--create=yes'])).toThrow('is a switch');
  });

  test('of old tutorials are accepted with a warning', () => {
    const input = parseInput(topics, ['--list', '--zookeeper', 'localhost:2181']);
    expect(input.has('list')).toBe(true);
    expect(input.warnings).toEqual([expect.stringContaining('no ZooKeeper since 4.0')]);
    const producer = findCommand(['kafka-console-producer'])?.command ?? topics;
    const old = parseInput(producer, ['--broker-list', 'a:9092', '--property', 'parse.key=true']);
    expect(old.text('bootstrap-server')).toBe('a:9092');
    expect(old.pairs('reader-property')).toEqual(new Map([['parse.key', 'true']]));
    expect(old.warnings).toHaveLength(2);
  });

  test('check numbers, words and pairs', () => {
    const input = parseInput(topics, ['--partitions', 'three', '--config', 'nothing']);
    expect(() => input.number('partitions', 1)).toThrow('whole number from 1 on, not "three"');
    expect(() => input.pairs('config')).toThrow('key=value');
    expect(parseInput(topics, ['--partitions', '0']).number('partitions')).toBe(0);
  });
});
