import { isKafkaError } from '../errors/index.js';
import { describe, expect, test } from 'vitest';
import {
  byTopic,
  int64,
  json,
  type StandardIssue,
  type StandardSchema,
  toDeserializer,
  toSerializer,
} from './index.js';

const context = { topic: 'orders', isKey: false, headers: [], partition: 3, offset: 42 };

function schemaOf<In, Out>(
  check: (value: unknown) => { value: Out } | { issues: StandardIssue[] },
): StandardSchema<In, Out> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } };
}

/** Takes `{ at: text }` and makes a date of it. */
const event = schemaOf<{ at: string }, { at: Date }>((value) => {
  const { at } = value as { at: unknown };
  if (typeof at === 'string') return { value: { at: new Date(at) } };
  const issue = { message: 'expected text', path: ['at'] };
  return { issues: [issue] };
});

function failure(work: () => unknown): { code: string; message: string; cause: unknown } {
  try {
    work();
  } catch (error) {
    if (isKafkaError(error)) return error as { code: string; message: string; cause: unknown };
  }
  throw new Error('it worked, or failed otherwise');
}

describe('a schema', () => {
  test.each([
    ['by json()', json(event)],
    ['by itself', event],
  ])('checks what is written and makes of what is read what it makes (%s)', (_how, serde) => {
    const bytes = toSerializer<{ at: string }>(serde)({ at: '2024-01-01T00:00:00.000Z' }, context);
    expect(String(bytes)).toBe('{"at":"2024-01-01T00:00:00.000Z"}');
    const read = toDeserializer<{ at: Date }>(serde);
    expect(read(Buffer.from('{"at":"2024-01-01"}'), context).at.getUTCFullYear()).toBe(2024);
    expect(read(null, context)).toBeNull();
  });

  test('that is a function as well is a schema', () => {
    const callable = Object.assign(() => 'called', event);
    const read = toDeserializer<{ at: Date }>(callable);
    expect(read(Buffer.from('{"at":"2024-01-01"}'), context).at).toBeInstanceOf(Date);
  });

  test('that refuses a value names topic, partition, offset and path', () => {
    const read = toDeserializer(event);
    const { code, message } = failure(() => read(Buffer.from('{"at":7}'), context));
    expect(code).toBe('DESERIALIZATION_FAILED');
    expect(message).toMatch(/value for orders-3 at offset 42 could not be read: at: expected text/);
    const write = toSerializer(json(event));
    const refused = failure(() => write({ at: 7 } as never, { ...context, isKey: true }));
    expect(refused.code).toBe('SERIALIZATION_FAILED');
    expect(refused.message).toMatch(/The key for .* could not be turned into bytes: at: expected/);
  });

  test('tells the first complaints and counts the rest, with paths as one writes them', () => {
    const issues = [
      { message: 'too small', path: ['lines', 2, { key: 'price' }] },
      { message: 'not that', path: [0] },
      { message: 'wrong' },
      { message: 'm', path: ['a'] },
      { message: 'm', path: ['b'] },
    ];
    const read = toDeserializer(schemaOf(() => ({ issues })));
    const { message, cause } = failure(() => read(Buffer.from('1'), context));
    expect(message).toMatch(/lines\[2\]\.price: too small; \[0\]: not that; wrong; and 2 more/);
    const { cause: all } = cause as { cause: AggregateError };
    expect(all.errors).toHaveLength(5);
  });

  test('that checks asynchronously is refused, and what it answers harms nobody', async () => {
    const late: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => Promise.reject(new Error('nobody listens')),
      },
    };
    const read = toDeserializer(late);
    const { message } = failure(() => read(Buffer.from('1'), context));
    expect(message).toMatch(/checks asynchronously.*Use a schema without/);
    await new Promise((resolve) => setImmediate(resolve));
  });
});

test('each topic has its own serde, and others are refused by name', () => {
  const serde = byTopic({ events: event, visits: int64(), orders: json<{ item: string }>() });
  const visits = { ...context, topic: 'visits' };
  expect(toSerializer(serde)(7, visits)).toEqual(Buffer.from('0000000000000007', 'hex'));
  expect(toDeserializer(serde)(Buffer.from('{"item":"x"}'), context)).toEqual({ item: 'x' });
  const other = { ...context, topic: 'payments' };
  const { code, message } = failure(() => toSerializer(serde)(7, other));
  expect(code).toBe('SERIALIZATION_FAILED');
  expect(message).toMatch(/value for payments-3 .*a serde for events, visits, orders only/);
});
