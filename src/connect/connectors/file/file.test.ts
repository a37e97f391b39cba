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
import { realSystem, silentLogger } from '../../../system/index.js';
import { startBroker, type TestBroker } from '../../../testing/index.js';
import { json, mapValue, pipeline, type PipelineStep } from '../../index.js';
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
    await expect(run()).rejects.toThrow(/has 3 fields, not 2: d,too,many/);
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
        expect(recordsOfCsv(text)).toEqual(rows);
        const bytes = Buffer.from(`${text}"half a`);
        expect(endOfRecords(bytes)).toBe(bytes.length - 7);
      }),
    );
  });
});
