import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../bytes/index.js';
import {
  array,
  bytes,
  codec,
  compiledCodec,
  type Decoded,
  type Input,
  int8,
  int16,
  int32,
  int64,
  interpretedCodec,
  type Message,
  message,
  records,
  string,
  struct,
} from './index.js';

const sample = message(
  'Sample',
  { key: 0, versions: [1, 4], flexible: 3 },
  {
    name: string,
    note: string.nullable(2),
    level: int8.since(2).default(-1),
    hint: int16.since(3).default(0).ignorable(),
    gone: int32.until(2),
    parts: array({ id: int32, data: bytes.nullable() }),
    exact: int64.exact().tag(0).since(3).default(0x7fffffffffffffffn),
    place: struct({ host: string, port: int32.default(9092) })
      .tag(1)
      .since(4),
    maybe: struct({ at: int64 }).nullable().since(4).default(null),
  },
);

interface Sample extends Input<typeof sample> {}
interface SampleDecoded extends Decoded<typeof sample> {}

const twins = [
  ['compiled', compiledCodec],
  ['interpreted', interpretedCodec],
] as const;

describe.each(twins)('a %s codec', (_, codecOf) => {
  const encode = (version: number, value: Sample): string => {
    const writer = new Writer(8);
    codecOf(sample, version).encode(writer, value);
    return writer.bytes().toString('hex');
  };
  const decode = (version: number, hex: string): SampleDecoded =>
    codecOf(sample, version).decode(new Reader(Buffer.from(hex, 'hex')));
  const least: Sample = { name: 'a', note: 'b', parts: [] };

  test('writes plain lengths before the first flexible version and compact ones from it on', () => {
    expect(encode(1, least)).toBe('0001610001620000000000000000');
    expect(encode(3, least)).toBe('02610262ff00000100');
  });

  test('fills what a version lacks with defaults, so that every field is there', () => {
    expect(decode(1, '0001610001620000000000000000')).toEqual({
      name: 'a',
      note: 'b',
      level: -1,
      hint: 0,
      gone: 0,
      parts: [],
      exact: 0x7fffffffffffffffn,
      place: { host: '', port: 9092 },
      maybe: null,
    });
  });

  test('omits tagged fields at their default and writes the others by ascending tag', () => {
    const value: Sample = { ...least, exact: 5n, place: { host: 'h' } };
    const hex = encode(4, value);
    expect(hex).toBe(
      '02610262ff000001ff' + '02' + '00080000000000000005' + '0107' + '02680000238400',
    );
    expect(decode(4, hex)).toMatchObject({ exact: 5n, place: { host: 'h', port: 9092 } });
  });

  test('keeps unknown tagged fields and writes them back between the known ones', () => {
    const unknown = '02610262ff000001ff' + '03' + '00080000000000000005' + '05020a0b' + '0900';
    const value = decode(4, unknown);
    expect(value.unknownTags).toEqual([
      { tag: 5, data: Buffer.from([10, 11]) },
      { tag: 9, data: Buffer.alloc(0) },
    ]);
    expect(encode(4, value)).toBe(unknown);
    expect(() =>
      encode(4, { ...least, unknownTags: [{ tag: 0, data: Buffer.alloc(1) }], exact: 1n }),
    ).toThrowError(/tag 0 twice/);
    expect(() => encode(1, value)).toThrowError(/UNSUPPORTED|no such field|has none/);
  });

  test('has a nullable struct preceded by one signed byte', () => {
    const hex = encode(4, { ...least, maybe: { at: 7 } });
    expect(hex).toBe('02610262ff000001' + '01000000000000000700' + '00');
    expect(decode(4, hex).maybe).toEqual({ at: 7 });
    expect(decode(4, encode(4, least)).maybe).toBeNull();
  });

  test('refuses a value in a version without the field, unless it may be ignored', () => {
    expect(() => encode(1, { ...least, level: 3 })).toThrowError(/Sample\.level is set/);
    expect(encode(1, { ...least, level: -1, hint: 9 })).toBe(encode(1, least));
    expect(() => encode(3, { ...least, gone: 1 })).toThrowError(/Sample\.gone is set/);
  });

  test('names the field that does not fit', () => {
    expect(() => encode(1, { ...least, note: null })).toThrowError(/Sample\.note must be string/);
    expect(() => encode(1, { name: 'a', note: 'b' } as unknown as Sample)).toThrowError(
      /Sample\.parts must be array, not undefined/,
    );
    expect(() => encode(2, { ...least, level: 300 })).toThrowError(/Sample\.level must be int8/);
    expect(() => encode(1, { ...least, name: 'x'.repeat(40_000) })).toThrowError(/32767/);
  });

  test('refuses null where null must not be', () => {
    expect(() => decode(1, 'ffff')).toThrowError(/Sample\.name is null/);
    expect(() => decode(1, '000161ffff')).toThrowError(/Sample\.note is null/);
  });

  test('allocates nothing for an array that announces more than the bytes could hold', () => {
    expect(() => decode(1, '000161000162000000007fffffff')).toThrowError(/2147483647 elements/);
    expect(() => decode(3, '02610262ff0000ffffffff0f')).toThrowError(/4294967294 elements/);
  });

  test('refuses a tagged field that does not end where its size says', () => {
    expect(() => decode(3, '02610262ff00000101' + '00090000000000000005' + '00')).toThrowError(
      /tagged field Sample\.exact/,
    );
  });

  test('ends a loop over elements of no bytes at what the message has left', () => {
    const hollow = message(
      'Hollow',
      { key: 0, versions: [0, 1], flexible: null },
      { items: array({ later: int32.since(1) }) },
    );
    const read = (hex: string): unknown =>
      codecOf(hollow, 0).decode(new Reader(Buffer.from(hex, 'hex')));
    expect(() => read('7fffffff')).toThrowError(/elements/);
  });
});

describe('records', () => {
  const withRecords: Message<{ records: typeof records }> = message(
    'Batch',
    { key: 0, versions: [0, 0], flexible: null },
    { records },
  );

  test('given as several buffers are joined on the wire', () => {
    const writer = new Writer(4);
    codec(withRecords, 0).encode(writer, { records: [Buffer.from([1]), Buffer.from([2, 3])] });
    expect(writer.bytes().toString('hex')).toBe('00000003010203');
  });

  test('are read as a view into the received buffer', () => {
    const received = Buffer.from('00000003010203', 'hex');
    const decoded = codec(withRecords, 0).decode(new Reader(received));
    expect(decoded.records.buffer).toBe(received.buffer);
  });
});

describe('choosing a codec', () => {
  test('the codec of a version is made once', () => {
    expect(codec(sample, 2)).toBe(codec(sample, 2));
    expect(codec(sample, 2)).not.toBe(codec(sample, 3));
  });

  test('a version outside the range is refused', () => {
    expect(() => codec(sample, 0)).toThrowError('Sample has the versions 1 to 4, not 0.');
    expect(() => codec(sample, 1.5)).toThrowError(/not 1.5/);
  });
});
