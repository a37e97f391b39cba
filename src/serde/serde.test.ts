import { isKafkaError } from '../errors/index.js';
import { describe, expect, test } from 'vitest';
import {
  bytes,
  float64,
  int32,
  int64,
  json,
  type Serde,
  string,
  toDeserializer,
  toSerializer,
} from './index.js';

const context = { topic: 'orders', isKey: false, headers: [], partition: 3, offset: 42 };

function roundTrip<T>(serde: Serde<T>, value: T): T {
  const data = toSerializer(serde)(value, context);
  return toDeserializer(serde)(data === null ? null : Buffer.from(data), context);
}

describe('the simple formats', () => {
  test('give back what went in', () => {
    expect(roundTrip(string(), 'grüße')).toBe('grüße');
    expect(roundTrip(string('latin1'), 'grüße')).toBe('grüße');
    expect(roundTrip(json<{ a: number[] }>(), { a: [1, 2] })).toEqual({ a: [1, 2] });
    expect(roundTrip(int32(), -2147483648)).toBe(-2147483648);
    expect(roundTrip(int64(), Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(roundTrip(float64(), -0.1)).toBe(-0.1);
    expect(bytes().deserialize(Buffer.from('x'), context)).toEqual(Buffer.from('x'));
  });

  test('keep null apart from empty', () => {
    for (const serde of [string(), int32(), int64(), float64(), json<unknown>()]) {
      expect(roundTrip(serde as Serde<unknown>, null)).toBeNull();
    }
    expect(roundTrip(string(), '')).toBe('');
  });

  test('write numbers as Java does', () => {
    expect(int32().serialize(1, context)).toEqual(Buffer.from([0, 0, 0, 1]));
    expect(int64().serialize(-1, context)).toEqual(Buffer.alloc(8, 0xff));
    expect(float64().serialize(1, context)).toEqual(Buffer.from('3ff0000000000000', 'hex'));
  });
});

describe('failures', () => {
  test('a value that cannot be read names topic, partition and offset', () => {
    const read = toDeserializer(json());
    expect(() => read(Buffer.from('{"a":'), context)).toThrow(
      /value for orders-3 at offset 42 could not be read: /,
    );
    try {
      read(Buffer.from('{'), context);
    } catch (error) {
      expect(isKafkaError(error, 'DESERIALIZATION_FAILED')).toBe(true);
    }
  });

  test('a function that throws is as clear as an object that does', () => {
    const read = toDeserializer(() => {
      throw new Error('bad magic');
    });
    expect(() => read(Buffer.alloc(0), { ...context, isKey: true })).toThrow(
      /key for .* could not be read: bad magic/,
    );
  });

  test('values outside the range of their format are refused', () => {
    for (const value of [2 ** 31, 0.5, Number.NaN]) {
      expect(() => toSerializer(int32())(value, context)).toThrow(/is not an int32/);
    }
    expect(() => toSerializer(int64())(2 ** 53, context)).toThrow(/is not an int64/);
    expect(() => toSerializer(json<unknown>())(undefined, context)).toThrow(/no JSON form/);
    const read = toDeserializer(int64());
    expect(() => read(Buffer.from('7fffffffffffffff', 'hex'), context)).toThrow(/beyond/);
    expect(() => read(Buffer.alloc(3), context)).toThrow(/8 bytes/);
  });
});
