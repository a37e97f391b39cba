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

  test('sets bad lines of a file aside, and sends them nowhere unless told where', async () => {
    const path = join(directory, 'in.jsonl');
    writeFileSync(path, '{"n":1}\n{"n":2,}\n');
    const errors = { deadLetterTopic: 'files.dlq' };
    const source = { file: { path, format: 'jsonl' } };
    const to = { topic: 'in', bootstrapServers: address };
    const pipe = described({ from: source, to, errors });
    const fault = 'the line is not JSON, "}" is wrong here';
    const said = `VALUE_CONVERTER: ${path}:2:8: ${fault}: {"n":2,}\n`;
    expect((await run(['pipe', 'check', pipe])).stdout).toBe(
      `record 1 null = {"n":1}\nrecord 2 ✗ ${said}`,
    );
    const done = await run(['pipe', 'run', pipe, '--exit']);
    expect(done.stderr).toBe('kafkit: file-in stopped: 1 record written, 1 dead letter.\n');
    const shown = await run(['dlq', 'show', 'files.dlq', '-b', address]);
    expect(shown.stdout).toContain(`from ${path}:2:8  ${said}`);
    const list = await run(['dlq', 'list', 'files.dlq', '-b', address]);
    expect(list.stdout).toMatch(/1 {2}\(a source\) {2}VALUE_CONVERTER/);
    const lost = await run(['dlq', 'redrive', 'files.dlq', '-b', address]);
    expect(lost.stderr).toContain('files.dlq-0@0 does not come from a topic.');
    expect(lost.code).toBe(1);
    const sent = await run(['dlq', 'redrive', 'files.dlq', '--to', 'in', '--yes', '-b', address]);
    expect(sent.stdout).toBe('1 record to in\n');
  });

  test('shows what the records of a source would become, and stores nothing', async () => {
    const csv = join(directory, 'in.csv');
    writeFileSync(csv, 'id,n\na,1\nb,x\n');
    const path = described({
      from: { file: { path: csv, format: 'csv', key: 'id' } },
      via: [{ cast: { fields: { n: 'int' } } }],
      to: { topic: 'in', bootstrapServers: address },
    });
    const check = await run(['pipe', 'check', path]);
    expect(check.code).toBe(3);
    expect(check.stdout).toBe(
      'record 1 "a" = {"id":"a","n":1}\n' +
        'record 2 ✗ TRANSFORMATION: The field n is "x", which is no int.\n',
    );
    const admin = broker.kafka().admin();
    const [end] = await admin.listOffsets([{ topic: 'in', partition: 0, at: 'latest' }]);
    await admin.close();
    expect(end?.offset).toBe(0);
  });

  const out = () => join(directory, 'out.jsonl');
  const right = (more: object = {}) => ({ from: from(), to: { file: { path: out() } }, ...more });
  const away = { topics: ['in'], bootstrapServers: '127.0.0.1:1' };
  const hurry = { kafka: { defaultApiTimeoutMs: 200 } };
  const mongodb = {
    uri: 'mongodb://127.0.0.1:1/',
    clientOptions: { serverSelectionTimeoutMS: 3000 },
  };
  const mistakes: [string, () => object | string, RegExp][] = [
    ['no YAML', () => 'from: [', /pipe.yaml cannot be read: .* at line 1, column \d+/],
    ['a wrong name', () => right({ too: 1 }), /pipe.yaml:1:\d+: .* no "too". Did you mean "to"/],
    ['no uri', () => right({ to: { mongodb: {} } }), /pipe.yaml:1:\d+: to.mongodb: uri is missing/],
    ['another uri', () => right({ to: { mongodb: { uri: 'ftp://x' } } }), /not a uri of MongoDB/],
    [
      'no server',
      () => right({ to: { mongodb } }),
      /MongoDB at mongodb:.*ECONNREFUSED.*Check that/,
    ],
    [
      'no topic',
      () => right({ from: { ...from(), topics: ['nope'] } }),
      /There is no topic 'nope'/,
    ],
    ['no broker', () => right({ from: away, ...hurry }), /No broker.*127.0.0.1:1/],
  ];
  for (const [what, description, message] of mistakes) {
    test(`says in one line that there is ${what}, and nothing is lost by it`, async () => {
      await produce('{"n":1}', '{"n":2}');
      const path = join(directory, 'pipe.yaml');
      const wrong = description();
      writeFileSync(path, typeof wrong === 'string' ? wrong : JSON.stringify(wrong));
      const { code, stdout, stderr } = await run(['pipe', 'run', path, '-q']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      writeFileSync(path, JSON.stringify(right()));
      expect(await run(['pipe', 'run', path, '-q', '--exit'])).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(readFileSync(out(), 'utf8')).toBe('{"n":1}\n{"n":2}\n');
    });
  }

  test('says in one line which record is not JSON, and goes on there once it may', async () => {
    await produce('{"n":1}', 'no JSON', '{"n":3}');
    const path = described(right());
    const stopped = await run(['pipe', 'run', path, '-q']);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(
      /^kafkit: The record in-0@1 cannot be processed: The value is not JSON: .*Topic\.\n$/,
    );
    expect(readFileSync(out(), 'utf8')).toBe('{"n":1}\n');
    described(right({ errors: { deadLetterTopic: 'in.dlq' } }));
    const done = await run(['pipe', 'run', path, '--exit']);
    expect(done.stderr).toContain('1 record written, 1 dead letter. It goes on at in-0@3.');
    expect(readFileSync(out(), 'utf8')).toBe('{"n":1}\n{"n":3}\n');
  });
});
