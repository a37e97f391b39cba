import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchesToEnd, type ConsumerRecord } from '../../../client/index.js';
import { realSystem, silentLogger } from '../../../system/index.js';
import { startBroker, type TestBroker } from '../../../testing/index.js';
import {
  cast,
  type ErrorPolicyOptions,
  json,
  mapValue,
  pipeline,
  type PipelineStep,
  type SourceContext,
  type SourcePosition,
} from '../../index.js';
import { endOfRecords, recordsOfCsv } from './csv.js';
import { file, fileSource } from './index.js';

let directory: string;
let broker: TestBroker;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kafkit-file-'));
  const config = { 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ topics: { in: { partitions: 2 } }, config, logger: silentLogger });
});
afterEach(async () => {
  await broker.close();
  rmSync(directory, { recursive: true });
});

async function produce(from: number, count: number): Promise<void> {
  const producer = broker.kafka().producer();
  await producer.send(
    Array.from({ length: count }, (_, at) => ({
      topic: 'in',
      partition: at % 2,
      value: JSON.stringify({ n: from + at }),
    })),
  );
  await producer.close();
}

function toFile(options: Parameters<typeof file>[0], onStep?: (step: PipelineStep) => void) {
  return pipeline({
    name: 'p',
    kafka: broker.kafka(),
    from: { topics: ['in'], groupId: 'g' },
    via: [json(), mapValue((value: { n: number }) => ({ ...value, twice: value.n * 2 }))],
    to: file(options),
    batchSize: 10,
    system: realSystem(),
    logger: silentLogger,
    onStep,
  });
}

async function recordsOf(topic: string): Promise<ConsumerRecord[]> {
  const kafka = broker.kafka();
  const admin = kafka.admin();
  const [description] = await admin.describeTopics([topic]);
  const places = (description?.partitions ?? []).map((_, partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(places.map((each) => ({ ...each, at: 'latest' as const })));
  await admin.close();
  const ranges = ends.map(({ partition, offset: end }) => ({ topic, partition, offset: 0, end }));
  const found: ConsumerRecord[] = [];
  const options = { isolationLevel: 'read_committed', clock: realSystem().clock } as const;
  for await (const batch of batchesToEnd(kafka, ranges, options)) found.push(...batch.records);
  return found;
}

const valuesOf = async (topic: string) =>
  (await recordsOf(topic)).map(({ value }) => String(value));

function contextOf(): Omit<SourceContext, 'position'> {
  const step = () => undefined;
  const system = realSystem();
  const signal = new AbortController().signal;
  return { pipeline: 'p', logger: silentLogger, system, step, signal };
}

const numbersIn = (name: string) =>
  readFileSync(join(directory, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);

describe('the file sink', () => {
  test('writes a file per partition, and goes on after what it has', async () => {
    await produce(0, 20);
    await toFile({ directory }).run({ untilEnd: true });
    await produce(20, 10);
    await toFile({ directory }).run({ untilEnd: true });
    expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual([
      'in-0.jsonl',
      'in-1.jsonl',
    ]);
    const all = [...numbersIn('in-0.jsonl'), ...numbersIn('in-1.jsonl')];
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test('holds every record once without committed offsets; cuts what a crash left', async () => {
    const path = join(directory, 'out.jsonl');
    await produce(0, 40);
    let writes = 0;
    const dies = toFile({ path }, (step) => {
      if (step === 'written' && ++writes === 2) throw new Error('struck down');
    });
    await dies.run({ untilEnd: true }).catch(() => undefined);
    appendFileSync(path, '{"n":');
    const admin = broker.kafka().admin();
    await admin.deleteGroups(['g']);
    await admin.close();
    await toFile({ path }).run({ untilEnd: true });
    expect(numbersIn('out.jsonl').sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, n) => n),
    );
  });

  test('writes columns after RFC 4180', async () => {
    const producer = broker.kafka().producer();
    const value = JSON.stringify({ n: 1, text: 'a "b", c', list: [1] });
    await producer.send({ topic: 'in', partition: 0, value });
    await producer.close();
    const path = join(directory, 'out.csv');
    const columns = ['n', 'text', 'list', 'none'];
    await toFile({ path, format: 'csv', columns }).run({ untilEnd: true });
    expect(readFileSync(path, 'utf8')).toBe('n,text,list,none\n1,"a ""b"", c",[1],\n');
  });

  test('leaves a file alone that is not its own', async () => {
    const path = join(directory, 'precious.jsonl');
    writeFileSync(path, 'precious\n');
    await produce(0, 2);
    await expect(toFile({ path }).run({ untilEnd: true })).rejects.toThrow(/not a file of this/);
    expect(readFileSync(path, 'utf8')).toBe('precious\n');
  });
});

describe('the file source', () => {
  test('reads lines into a topic, and goes on behind the last one', async () => {
    const path = join(directory, 'in.jsonl');
    writeFileSync(path, '{"id":"a","n":1}\n{"id":"b","n":2}\n');
    const kafka = broker.kafka();
    const run = () =>
      pipeline({
        name: 'lines',
        kafka,
        from: fileSource({ path, format: 'jsonl', key: 'id' }),
        to: { topic: 'in' },
        system: realSystem(),
        logger: silentLogger,
      }).run({ untilEnd: true });
    expect(await run()).toMatchObject({ read: 2, written: 2 });
    appendFileSync(path, '{"id":"c","n":3}');
    expect(await run()).toMatchObject({ read: 1, written: 1 });
    const consumer = kafka.consumer({ topics: ['in'], fromBeginning: true });
    const seen: string[] = [];
    for await (const { key, value } of consumer) {
      seen.push(`${String(key)} ${String(value)}`);
      if (seen.length === 3) break;
    }
    await consumer.close();
    expect(seen.sort()).toEqual(['a {"id":"a","n":1}', 'b {"id":"b","n":2}', 'c {"id":"c","n":3}']);
  });

  test('takes a last line without an end, and the end it is given later as no line', async () => {
    const path = join(directory, 'in.txt');
    const context = contextOf();
    const readFrom = async (position: SourcePosition | undefined) => {
      const reader = await fileSource({ path }).start({ ...context, position });
      const batch = await reader.poll();
      await reader.close();
      return batch;
    };
    writeFileSync(path, 'one\ntwo');
    const first = await readFrom(undefined);
    expect(first?.position).toEqual({ byte: 7, line: 2 });
    appendFileSync(path, '\n\nthree\n');
    const second = await readFrom(first?.position);
    expect(second?.records).toMatchObject([
      { value: '', place: `${path}:3` },
      { value: 'three', place: `${path}:4` },
    ]);
    expect(second?.position).toEqual({ byte: 15, line: 5 });
  });

  test('reads csv with the names of its first line, also behind where it stopped', async () => {
    const path = join(directory, 'in.csv');
    writeFileSync(path, 'id,text\r\na,"one, ""two""\nthree"\r\n');
    const from = fileSource({ path, format: 'csv', key: 'id' });
    const parts = { name: 'csv', kafka: broker.kafka(), from, to: { topic: 'in' } };
    const run = () => pipeline({ ...parts, logger: silentLogger }).run({ untilEnd: true });
    expect(await run()).toMatchObject({ written: 1 });
    appendFileSync(path, '\nb,\nc,end');
    expect(await run()).toMatchObject({ written: 2 });
    const consumer = broker.kafka().consumer({ topics: ['in'], fromBeginning: true });
    const seen: string[] = [];
    for await (const { key, value } of consumer) {
      seen.push(`${String(key)} ${String(value)}`);
      if (seen.length === 3) break;
    }
    await consumer.close();
    expect(seen.sort()).toEqual([
      'a {"id":"a","text":"one, \\"two\\"\\nthree"}',
      'b {"id":"b","text":""}',
      'c {"id":"c","text":"end"}',
    ]);
    appendFileSync(path, '\nd,too,many\n');
    await expect(run()).rejects.toThrow(/in.csv:7: a record has 3 fields, not 2: d,too,many/);
  });

  const bad = '{"n":1}\n\n{"n":2}\n{"n":3,}\nnope\n{"n":4}\n';
  const badLines = (path: string, errors: ErrorPolicyOptions = {}) =>
    pipeline({
      name: 'bad',
      kafka: broker.kafka(),
      from: fileSource({ path, format: 'jsonl' }),
      to: { topic: 'in' },
      errors,
      logger: silentLogger,
    }).run({ untilEnd: true });

  test('stops in front of a line that is not JSON, and goes on there once mended', async () => {
    const path = join(directory, 'bad.jsonl');
    writeFileSync(path, bad);
    const where = `${path}:4:8: the line is not JSON, "}" is wrong here: {"n":3,}`;
    await expect(badLines(path)).rejects.toMatchObject({ code: 'RECORD_REJECTED' });
    await expect(badLines(path)).rejects.toThrow(where);
    writeFileSync(path, bad.replace(',}', '}').replace('nope', '0'));
    expect(await badLines(path)).toMatchObject({ read: 3, written: 3 });
    expect((await valuesOf('in')).sort()).toEqual(['0', ...[1, 2, 3, 4].map((n) => `{"n":${n}}`)]);
  });

  test('sets lines that are not JSON aside as they are, with their places', async () => {
    const path = join(directory, 'bad.jsonl');
    writeFileSync(path, bad);
    for (const tolerance of ['data', 'all'] as const) {
      const topic = `dlq-${tolerance}`;
      const errors = { tolerance, deadLetterTopic: topic };
      const status = await badLines(path, errors);
      if (tolerance === 'all') expect(status).toMatchObject({ read: 0 });
      else expect(status).toMatchObject({ read: 5, written: 3, deadLettered: 2, skipped: 0 });
    }
    const letters = await recordsOf('dlq-data');
    expect(letters.map(({ value }) => String(value))).toEqual(['{"n":3,}', 'nope']);
    const header = (name: string) => letters.map(({ headers }) => String(headers.get(name)));
    expect(header('kafkit.source.place')).toEqual([`${path}:4:8`, `${path}:5:1`]);
    expect(header('__connect.errors.connector.name')).toEqual(['bad', 'bad']);
    expect(header('__connect.errors.topic')).toEqual(['undefined', 'undefined']);
  });

  test('leaves bad lines out, and says so, where that is tolerated without a topic', async () => {
    const path = join(directory, 'bad.jsonl');
    writeFileSync(path, bad);
    const status = await badLines(path, { tolerance: 'data' });
    expect(status).toMatchObject({ written: 3, skipped: 2 });
    expect(status.lastError).toContain(
      `${path}:5:1: the line is not JSON, "n" is wrong here: nope`,
    );
  });

  test('knows lines also behind a position that does not', async () => {
    const path = join(directory, 'old.jsonl');
    writeFileSync(path, '1\n2\n3\nx\n');
    const context = { ...contextOf(), position: { byte: 4 } };
    const reader = await fileSource({ path, format: 'jsonl' }).start(context);
    const batch = await reader.poll();
    await reader.close();
    expect(batch?.records).toMatchObject([{ value: 3, place: `${path}:3` }]);
    expect(batch?.unreadable).toMatchObject([{ before: 1, position: { byte: 6, line: 4 } }]);
    expect(batch?.position).toEqual({ byte: 8, line: 5 });
  });

  test('sets aside what a transform does not take, with its line', async () => {
    const path = join(directory, 'in.jsonl');
    writeFileSync(path, '{"n":1}\n{"n":"x"}\n');
    const from = fileSource({ path, format: 'jsonl' });
    const via = [cast({ fields: { n: 'int' } })];
    const parts = { name: 'cast', kafka: broker.kafka(), from, via, to: { topic: 'in' } };
    const run = (errors: ErrorPolicyOptions) =>
      pipeline({ ...parts, errors, logger: silentLogger }).run({ untilEnd: true });
    await expect(run({})).rejects.toThrow(`The record at ${path}:2 cannot be processed: The field`);
    expect(await run({ deadLetterTopic: 'dlq' })).toMatchObject({ written: 1, deadLettered: 1 });
    const [letter] = await recordsOf('dlq');
    expect(String(letter?.value)).toBe('{"n":"x"}');
    expect(String(letter?.headers.get('__connect.errors.stage'))).toBe('TRANSFORMATION');
  });
});

describe('csv', () => {
  test('is read as it is written, whatever is in its fields', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü') });
    const table = fc.array(fc.tuple(field, field, fc.constant('x')), { maxLength: 8 });
    fc.assert(
      fc.property(table, (rows) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = rows.map((row) => `${row.map(quoted).join(',')}\n`).join('');
        expect(recordsOfCsv(text).map(({ fields }) => fields)).toEqual(rows);
        const bytes = Buffer.from(`${text}"half a`);
        expect(endOfRecords(bytes)).toBe(bytes.length - 7);
      }),
    );
  });
});
