import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kafka } from '../client/index.js';
import { realSystem } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
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

function fakeIo(stdin = '', interrupted = new AbortController().signal): FakeIo {
  return {
    stdout: new FakeOutput(),
    stderr: new FakeOutput(),
    stdin: async function* () {
      yield Buffer.from(stdin);
    },
    stdinIsTerminal: false,
    interrupted,
    system: realSystem(),
    self: [],
  };
}

async function run(...args: string[]) {
  return runWith(fakeIo(), args);
}

async function runWith(io: FakeIo, args: readonly string[]) {
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

describe('commands on a broker', () => {
  let broker: TestBroker;
  let address = '';
  beforeAll(async () => {
    broker = await startBroker();
    address = await broker.listen();
  });
  afterAll(() => broker.close());

  /** Runs a line such as `topics list`; a part in quotes is one argument. */
  const cli = (line: string, stdin = '', interrupted?: AbortSignal) => {
    const words = line.match(/'[^']*'|\S+/g) ?? [];
    const args = words.map((word) => word.replace(/^'(.*)'$/, '$1'));
    return runWith(fakeIo(stdin, interrupted), [...args, '--bootstrap-server', address]);
  };
  const printed = async (line: string, stdin = '') => {
    const { code, stdout, stderr } = await cli(line, stdin);
    expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
    return stdout;
  };

  test('tell of share groups where they start and what they are not done with', async () => {
    const kafka = new Kafka({ bootstrapServers: address });
    const admin = kafka.admin();
    await admin.createTopics([{ name: 'jobs', partitions: 1 }]);
    const resource = { type: 'group', name: 'workers' } as const;
    const fromStart = { name: 'share.auto.offset.reset', value: 'earliest' };
    await admin.alterConfigs([{ ...resource, set: { [fromStart.name]: fromStart.value } }]);
    const producer = kafka.producer();
    for (const value of ['a', 'b', 'c']) await producer.send({ topic: 'jobs', value });
    const consumer = kafka.shareConsumer({ groupId: 'workers', topics: ['jobs'] });
    let done = 0;
    for await (const _ of consumer) if (++done === 3) break;
    await consumer.close();
    expect(await printed('groups describe workers')).toMatch(/^workers: Empty, 0 members, /);
    expect(await printed('groups reset workers --to start')).toMatch(/jobs +0 +\d +0 /);
    await printed('groups reset workers --to start --yes');
    expect(await printed('groups describe workers')).toMatch(/jobs +0 +0 +3 +3 /);
    await printed('groups delete workers --yes');
    expect(await printed('groups list')).toBe('');
    await printed('topics delete jobs --yes');
    await Promise.all([producer.close(), admin.close()]);
  });

  test('make, show, change and delete topics', async () => {
    await printed('topics create shop -p 2 -c retention.ms=5000');
    expect((await cli('topics create shop')).stderr).toMatch(/^kafkit: .*shop.*exists.*\n$/);
    await printed('topics create shop --if-not-exists');
    expect(await printed('topics list')).toContain('shop\n');
    await printed('topics alter shop -p 3 -c retention.ms=6000');
    const described = await printed('topics describe shop');
    expect(described).toMatch(/^shop: 3 partitions, 0 offsets in use/);
    expect(described).toContain('  retention.ms=6000\n');
    expect(await printed('configs describe shop')).toContain('retention.ms  6000   topic\n');
    await printed('configs alter shop cleanup.policy=compact,delete -d retention.ms');
    const json = (await printed('topics describe shop --json')).trim();
    expect(JSON.parse(json)).toMatchObject({ configs: { 'cleanup.policy': 'compact,delete' } });
    expect(await printed('topics delete shop')).toContain('would delete shop');
    expect(await printed('topics list')).toContain('shop\n');
    await printed('topics delete shop --yes');
    expect(await printed('topics list')).not.toContain('shop');
  });

  test('send lines and print them again', async () => {
    await printed('topics create lines -p 2');
    const input = 'a:1\nno key\nb:\n';
    const places = await printed('produce lines -K : -p 1 -Z -H h=x -v', input);
    expect(places).toBe('lines-1@0\nlines-1@1\nlines-1@2\n');
    const all = "consume lines -o start -e -f '%p@%o %k=%v %h\\n'";
    expect(await printed(all)).toBe('1@0 a=1 h:x\n1@1 =no key h:x\n1@2 b= h:x\n');
    expect(await printed('consume lines -o -1 -e --json')).toMatch(/"key":"b","value":null/);
    expect(await printed('consume lines -o 1 -p 1 -n 1')).toBe('no key\n');
    expect(await printed('consume lines -o @-1h -e')).toBe('1\nno key\n\n');
    expect(await printed('consume lines -e')).toBe('');
  });

  test('copy a topic row by row', async () => {
    await printed('topics create a');
    await printed('topics create b');
    const rows = '{"key":"k","value":{"n":1},"headers":{"h":"x"}}\n{"value":{"base64":"/w=="}}\n';
    await printed('produce a --json -z zstd', rows);
    const original = await printed('consume a -o start -e --json');
    await printed('produce b --json', original);
    const copy = await printed('consume b -o start -e --json');
    expect(copy.replaceAll('"topic":"b"', '"topic":"a"')).toBe(original);
    const broken = await cli('produce b --json', '{"value":1}\nnonsense\n');
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('Line 2 is no JSON') });
  });

  test('commit for a group what was printed, and move its offsets', async () => {
    await printed('topics create work');
    await printed('produce work', '1\n2\n3\n4\n');
    expect(await printed('consume work -g g --from-beginning -n 3')).toBe('1\n2\n3\n');
    const described = await printed('groups describe g');
    expect(described).toMatch(/^g: Empty, 0 members, 1 record behind\n/);
    expect(await printed('consume work -g g -e')).toBe('4\n');
    expect(await printed('groups reset g --by -2')).toMatch(/work +0 +4 +2 +-2\n/);
    expect(await printed('consume work -g g -e')).toBe('');
    await printed('groups reset g --by -2 --yes');
    expect(await printed('consume work -g g -e')).toBe('3\n4\n');
    expect(await printed('groups reset g --to start -t work:0')).toMatch(/work +0 +4 +0 +-4\n/);
    expect(await printed('groups list')).toBe('g\n');
    await printed('topics create other');
    await printed('produce other', '1\n');
    await printed('consume other -g g --from-beginning -e');
    await printed('topics delete other --yes');
    expect(await printed('groups describe g')).toContain('work           0       4    4    0');
    await printed('groups delete g --yes');
    expect(await printed('groups list')).toBe('');
  });

  test('stop when they are interrupted, and say where', async () => {
    await printed('topics create endless');
    await printed('produce endless', '1\n2\n');
    const interruption = new AbortController();
    const io = fakeIo('', interruption.signal);
    const ended = runWith(io, ['consume', 'endless', '-g', 'h', '--from-beginning', '-b', address]);
    await expect.poll(() => io.stdout.text).toBe('1\n2\n');
    interruption.abort('SIGINT');
    expect(await ended).toMatchObject({
      code: 0,
      stderr:
        'kafkit: stopped after 2 records; the group h goes on from what was printed ' +
        '(endless-0@2).\n',
    });
    await printed('produce endless', '3\n');
    expect(await printed('consume endless -g h -e')).toBe('3\n');
  });

  test('do what tutorials ask of the scripts of Apache', async () => {
    const flags = '--topic sample --partitions 1 --replication-factor 1';
    const made = await cli(`kafka-topics.sh --create ${flags} --zookeeper localhost:2181`);
    expect(made).toMatchObject({ code: 0, stdout: 'Created topic sample.\n' });
    expect(made.stderr).toContain('no ZooKeeper since 4.0');
    expect(await printed('kafka-topics --list')).toContain('sample\n');
    const lines = 'h:1\tk\tv\nNULL\tNULL\tNULL\n';
    const reader = 'parse.key=true parse.headers=true null.marker=NULL'
      .split(' ')
      .map((each) => `--property ${each}`)
      .join(' ');
    await printed(`kafka-console-producer.sh --topic sample ${reader}`, lines);
    const formatter = '--property print.key=true --property print.headers=true';
    const consume = `kafka-console-consumer --topic sample --from-beginning ${formatter}`;
    const group = '--group tutorial --max-messages 2';
    expect(await printed(`${consume} ${group}`)).toBe('h:1\tk\tv\nNO_HEADERS\tnull\tnull\n');
    const described = await printed('kafka-consumer-groups --describe --group tutorial');
    expect(described).toMatch(/tutorial +sample +0 +2 +2 +0 +- +- +-\n$/);
    const reset = '--reset-offsets --group tutorial --topic sample --to-offset 1';
    expect(await printed(`kafka-consumer-groups ${reset} --dry-run --export`)).toBe(
      'sample,0,1\n\n',
    );
    await printed(`kafka-consumer-groups ${reset} --execute`);
    expect(await printed(`${consume} ${group.replace('2', '1')}`)).toBe('NO_HEADERS\tnull\tnull\n');
    const alter = '--alter --entity-type topics --entity-name sample';
    await printed(`kafka-configs ${alter} --add-config cleanup.policy=[compact,delete]`);
    expect(await printed('kafka-configs --describe --topic sample')).toContain(
      '  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:',
    );
    await printed('kafka-consumer-groups --delete --group tutorial');
    await printed('kafka-topics --delete --topic sam.*');
    expect((await cli('kafka-topics --describe --topic sample')).code).toBe(1);
  });

  test('name a topic that is not there', async () => {
    for (const line of ['topics describe gone', 'consume gone -e', 'configs describe gone']) {
      const { code, stderr } = await cli(line);
      expect({ line, code }).toEqual({ line, code: 1 });
      expect(stderr).toMatch(/^kafkit: .*gone.*\n$/);
    }
  });
});
