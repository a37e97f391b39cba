import { describe, expect, test } from 'vitest';
import { errnoOf, errorCodeOf, errorFacts, errorTable, isKafkaError, KafkaError } from './index.js';

describe('KafkaError', () => {
  test('says what it is about once', () => {
    const about = { topic: 'orders', partition: 1, hint: 'Try later.' };
    expect(new KafkaError('CORRUPT_MESSAGE', 'Damaged at position 1.', about).message).toBe(
      'Damaged at position 1. (topic orders, partition 1) Try later.',
    );
    expect(new KafkaError('CORRUPT_MESSAGE', 'orders, partition 1: damaged.', about).message).toBe(
      'orders, partition 1: damaged. Try later.',
    );
  });

  test('is recognised by its brand, also with a code', () => {
    const error = KafkaError.fromErrno(3, null, { topic: 'orders' });
    expect(error.code).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(error.retriable).toBe(true);
    expect(isKafkaError(error)).toBe(true);
    expect(isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')).toBe(true);
    expect(isKafkaError(error, 'CLOSED')).toBe(false);
    expect(isKafkaError(new Error('no'))).toBe(false);
  });
});

describe('the table of error codes', () => {
  test('has every number of Kafka 4.4 once, and every name once', () => {
    const numbers = errorTable.flatMap(([errno]) => (errno === null ? [] : [errno]));
    expect(numbers).toEqual(Array.from({ length: 138 }, (_, at) => at - 1));
    expect(new Set(errorTable.map(([, name]) => name)).size).toBe(errorTable.length);
  });

  test('answers names and numbers both ways', () => {
    for (const [errno, name] of errorTable) {
      expect(errorFacts(name).errno).toBe(errno);
      if (errno !== null) expect(errorCodeOf(errno)).toBe(name);
      expect(errnoOf(name)).toBe(errno ?? -1);
    }
    expect(errorCodeOf(999)).toBe('UNKNOWN_SERVER_ERROR');
  });
});
