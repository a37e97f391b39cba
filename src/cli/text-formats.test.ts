import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf } from './lines.js';
import { nearest } from './nearest.js';
import { parseIsoDuration, parseOffsetSpec } from './offset-spec.js';
import { parseProperties } from './properties.js';
import { formatRecord, fromJsonRow, type PrintableRecord, toJsonRow } from './record-row.js';
import { parseTopicToCreate } from './topic-to-create.js';
import { count, table } from './table.js';

const record: PrintableRecord = {
  topic: 'orders',
  partition: 1,
  offset: 7,
  timestamp: 1700000000000,
  key: Buffer.from('k'),
  value: Buffer.from('grün'),
  headers: [
    ['a', Buffer.from('1')],
    ['a', null],
  ],
};

describe('rows of JSON', () => {
  test('show text as text and other bytes as base64', () => {
    expect(JSON.parse(toJsonRow({ ...record, value: Buffer.from([255]) }))).toEqual({
      topic: 'orders',
      partition: 1,
      offset: 7,
      timestamp: 1700000000000,
      key: 'k',
      value: { base64: '/w==' },
      headers: [
        ['a', '1'],
        ['a', null],
      ],
    });
  });

  test('bring every record through a pipe unchanged', () => {
    const bytes = fc.option(fc.uint8Array().map((each) => Buffer.from(each)));
    const headers = fc.array(fc.tuple(fc.string(), bytes), { maxLength: 3 });
    fc.assert(
      fc.property(bytes, bytes, headers, (key, value, list) => {
        const row = fromJsonRow(toJsonRow({ ...record, key, value, headers: list }), 1);
        expect(row).toEqual({
          topic: 'orders',
          partition: 1,
          timestamp: 1700000000000,
          key,
          value,
          headers: list,
        });
      }),
    );
  });

  test('take values that are no strings as JSON, and headers as an object', () => {
    const row = fromJsonRow('{"value":{"n":1},"key":5,"headers":{"trace":"x"}}', 1);
    expect(row.value?.toString()).toBe('{"n":1}');
    expect(row.key?.toString()).toBe('5');
    expect(row.headers).toEqual([['trace', Buffer.from('x')]]);
  });

  test('that are none are named by their line', () => {
    expect(() => fromJsonRow('nonsense', 3)).toThrow('Line 3 is no JSON');
    expect(() => fromJsonRow('[1]', 4)).toThrow('Line 4 is no JSON object');
    expect(() => fromJsonRow('{"partition":"x"}', 5)).toThrow('partition of line 5');
  });
});

test('formats replace their verbs and leave the rest alone', () => {
  const text = formatRecord('%t-%p@%o %k=%v %h %T 100%% %x\\n', record);
  expect(text).toBe('orders-1@7 k=grün a:1,a: 1700000000000 100% %x\n');
});

describe('offsets as people write them', () => {
  const now = 1_000_000_000;
  test.each([
    ['start', { at: 'start' }],
    ['earliest', { at: 'start' }],
    ['end', { at: 'end' }],
    ['42', { at: 'offset', offset: 42 }],
    ['-10', { at: 'tail', count: 10 }],
    ['@1700000000000', { at: 'time', timestamp: 1700000000000 }],
    ['@-1h', { at: 'time', timestamp: now - 3_600_000 }],
    ['@30s', { at: 'time', timestamp: now - 30_000 }],
    ['@2026-01-31T10:00Z', { at: 'time', timestamp: Date.UTC(2026, 0, 31, 10) }],
  ])('%s', (text, spec) => {
    expect(parseOffsetSpec(text, now)).toEqual(spec);
  });

  test('that mean nothing are refused with the grammar', () => {
    expect(() => parseOffsetSpec('yesterday', now)).toThrow('"yesterday" is no offset.');
    expect(() => parseOffsetSpec('@noon', now)).toThrow('"noon" is no time.');
    expect(() => parseOffsetSpec('99999999999999999999', now)).toThrow('too large');
  });

  test('durations of ISO 8601 become milliseconds', () => {
    expect(parseIsoDuration('PT1H30M')).toBe(5_400_000);
    expect(parseIsoDuration('P2DT0.5S')).toBe(172_800_500);
    for (const text of ['1h', 'P', 'PT', 'PT1X']) expect(() => parseIsoDuration(text)).toThrow();
  });
});

test('lines come out whole, however their bytes are cut into chunks', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(20)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const chunks = async function* () {
        let at = 0;
        for (const size of cuts) {
          yield bytes.subarray(at, at + size);
          at += size;
        }
        yield bytes.subarray(at);
      };
      const read: string[] = [];
      for await (const each of linesOf(chunks())) read.push(each.toString('utf8'));
      expect(read).toEqual(lines);
    }),
  );
});

test('a last line without an end is a line, and \\r\\n ends a line as well', async () => {
  const chunks = async function* () {
    yield Buffer.from('a\r\nb');
  };
  const read: string[] = [];
  for await (const each of linesOf(chunks())) read.push(each.toString('utf8'));
  expect(read).toEqual(['a', 'b']);
});

test('properties are read as Java reads them', () => {
  const text = '# no\n! no\na=1\n b : two words\nc\\=d=x\\\n   y\ne\nf=\\u00e4\\t|\r\ng = h=i';
  expect([...parseProperties(text)]).toEqual([
    ['a', '1'],
    ['b', 'two words'],
    ['c=d', 'xy'],
    ['e', ''],
    ['f', 'ä\t|'],
    ['g', 'h=i'],
  ]);
});

test('topics to create have partitions and settings', () => {
  expect(parseTopicToCreate('a')).toEqual(['a', { partitions: 1, configs: {} }]);
  expect(parseTopicToCreate('a:3:retention.ms=5,cleanup.policy=compact,delete')).toEqual([
    'a',
    { partitions: 3, configs: { 'retention.ms': '5', 'cleanup.policy': 'compact,delete' } },
  ]);
  expect(() => parseTopicToCreate('a:x')).toThrow('TOPIC:PARTITIONS');
});

test('tables align their columns, numbers to the right', () => {
  expect(
    table(
      ['TOPIC', 'LAG'],
      [
        ['orders', 5],
        ['a', 1234],
      ],
    ),
  ).toBe('TOPIC    LAG\norders     5\na       1234\n');
  expect(table(['TOPIC'], [])).toBe('TOPIC\n');
  expect([count(1, 'record'), count(2, 'record')]).toEqual(['1 record', '2 records']);
});

test('the nearest word is suggested only when it is near', () => {
  expect(nearest('partiton', ['partitions', 'topic'])).toBe('partitions');
  expect(nearest('xyz', ['partitions', 'topic'])).toBeUndefined();
});
