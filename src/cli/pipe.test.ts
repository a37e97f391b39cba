import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realSystem, silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import type { CliIo, Output } from './io.js';
import { runCommandLine } from './run.js';

let broker: TestBroker;
let address: string;
let directory: string;

beforeEach(async () => {
  const config = { 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ topics: { in: {} }, config, logger: silentLogger });
  address = await broker.listen();
  directory = mkdtempSync(join(tmpdir(), 'kafkit-pipe-'));
});
afterEach(async () => {
  await broker.close();
  rmSync(directory, { recursive: true });
});

function output(): Output & { text: string } {
  return {
    isTerminal: false,
    columns: 80,
    closed: false,
    text: '',
    write(text) {
      this.text += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      return undefined;
    },
  };
}

async function run(args: readonly string[], stdin = '') {
  const io: CliIo & { stdout: { text: string }; stderr: { text: string } } = {
    stdout: output(),
    stderr: output(),
    stdin: async function* () {
      yield Buffer.from(stdin);
    },
    stdinIsTerminal: false,
    interrupted: new AbortController().signal,
    system: realSystem(),
    self: [],
  };
  const code = await runCommandLine(args, io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

function described(description: object): string {
  const path = join(directory, 'pipe.json');
  writeFileSync(path, JSON.stringify(description));
  return path;
}

async function produce(...values: string[]) {
  const producer = broker.kafka().producer();
  await producer.send(
    values.map((value) => ({ topic: 'in', key: 'k', value, headers: { a: 'b' } })),
  );
  await producer.close();
}

const from = () => ({
  bootstrapServers: address,
  topics: ['in'],
  groupId: 'g',
  valueFormat: 'json',
});

describe('kafkit pipe', () => {
  test('shows what records would become, runs them, and says how far it is', async () => {
    await produce('{"n":1}', '{"n":2}', '{"n":3}');
    const out = join(directory, 'out.jsonl');
    const path = described({
      from: from(),
      via: [{ filter: { field: 'n', equals: 2, not: true } }, { hoistField: { field: 'x' } }],
      to: { file: { path: out } },
    });
    const check = await run(['pipe', 'check', path]);
    expect(check).toMatchObject({
      code: 0,
      stdout: 'in-0@0 "k" = {"x":{"n":1}}\nin-0@1 is filtered out\nin-0@2 "k" = {"x":{"n":3}}\n',
    });
    const done = await run(['pipe', 'run', path, '--exit']);
    expect(done.stderr).toBe(
      'kafkit: g stopped: 2 records written, 1 filtered out. It goes on at in-0@3.\n',
    );
    expect(readFileSync(out, 'utf8')).toBe('{"x":{"n":1}}\n{"x":{"n":3}}\n');
    const status = await run(['pipe', 'status', path, '--json']);
    expect(JSON.parse(status.stdout)).toEqual({
      name: 'g',
      group: 'g',
      state: 'Empty',
      members: 0,
      partitions: [{ topic: 'in', partition: 0, offset: 3, end: 3, lag: 0 }],
    });
  });

  test('sets poison aside; dlq lists it, shows it, and sends it back once', async () => {
    await produce('{"n":1}', 'no JSON', '{"n":3}');
    const to = 'stdout';
    const path = described({ from: from(), to, errors: { deadLetterTopic: 'in.dlq' } });
    const done = await run(['pipe', 'run', path, '--exit']);
    expect(done).toMatchObject({ code: 0, stdout: '{"n":1}\n{"n":3}\n' });
    expect(done.stderr).toBe(
      'kafkit: g stopped: 2 records written, 1 dead letter. It goes on at in-0@3.\n',
    );
    const list = await run(['dlq', 'list', 'in.dlq', '--json', '-b', address]);
    expect(JSON.parse(list.stdout)).toMatchObject({
      topic: 'in',
      stage: 'VALUE_CONVERTER',
      exception: 'SyntaxError',
      times: 1,
    });
    const show = await run(['dlq', 'show', 'in.dlq', '-b', address]);
    expect(show.stdout).toMatch(/^in.dlq-0@0 {2}from in-0@1 .*\n {2}"k" = "no JSON"\n$/);
    const plan = await run(['dlq', 'redrive', 'in.dlq', '-b', address]);
    expect(plan).toMatchObject({ stdout: '1 record to in\n' });
    expect(plan.stderr).toContain('nothing was sent');
    await run(['dlq', 'redrive', 'in.dlq', '--yes', '--delete', '-b', address]);
    const sent = await run([
      'consume',
      'in',
      '-o',
      '-1',
      '--exit',
      '-f',
      '%k %v %h\n',
      '-b',
      address,
    ]);
    expect(sent.stdout).toMatch(/^k no JSON .*a.*b/);
    expect(sent.stdout).not.toContain('__connect');
    const after = await run(['dlq', 'list', 'in.dlq', '--json', '-b', address]);
    expect(after.stdout).toBe('');
  });

  test('from a topic to a topic, with dead letters in the same transactions', async () => {
    await produce('{"n":1}', 'no JSON', '{"n":3}');
    const admin = broker.kafka().admin();
    await admin.createTopics([{ name: 'out', partitions: 1 }]);
    await admin.close();
    const to = { topic: 'out' };
    const path = described({ from: from(), to, errors: { deadLetterTopic: 'in.dlq' } });
    const check = await run(['pipe', 'check', path]);
    expect(check.stdout).toMatch(/^in-0@0 "k" = \{"n":1\}\nin-0@1 ✗ VALUE_CONVERTER: /);
    const done = await run(['pipe', 'run', path, '--exit']);
    expect(done.stderr).toBe(
      'kafkit: g stopped: 2 records written, 1 dead letter. It goes on at in-0@3.\n',
    );
    const sent = await run(['consume', 'out', '-o', 'start', '--exit', '-b', address]);
    expect(sent.stdout).toBe('{"n":1}\n{"n":3}\n');
    const list = await run(['dlq', 'list', 'in.dlq', '--json', '-b', address]);
    expect(JSON.parse(list.stdout)).toMatchObject({ topic: 'in', times: 1 });
  });

  test('reads standard input into a topic', async () => {
    const path = described({ from: 'stdin', to: { topic: 'in', bootstrapServers: address } });
    const done = await run(['pipe', 'run', path, '--exit'], 'one\ntwo\n');
    expect(done.stderr).toContain('2 records written');
    const sent = await run(['consume', 'in', '-o', 'start', '--exit', '-b', address]);
    expect(sent.stdout).toBe('one\ntwo\n');
  });

  test('says in one line what is wrong, and ends with 1', async () => {
    const wrong: [object | string, RegExp][] = [
      [{ from: { ...from(), topics: ['nope'] }, to: 'stdout' }, /There is no topic 'nope'/],
      [{ from: { ...from(), topic: 'in' }, to: 'stdout' }, /from: there is no "topic". Did you/],
      [{ from: from(), to: { mongodb: { uri: 'mongodb://127.0.0.1:1/' } } }, /ECONNREFUSED/],
      ['{', /pipe.json cannot be read: /],
    ];
    for (const [description, message] of wrong) {
      const path = described({});
      const text = typeof description === 'string' ? description : JSON.stringify(description);
      writeFileSync(path, text.replace(':1/', ':1/?serverSelectionTimeoutMS=100'));
      const { code, stderr } = await run(['pipe', 'run', path, '-q']);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
  });
});
