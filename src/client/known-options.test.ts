import { describe, expect, test } from 'vitest';
import { checkOptionNames, checkWhole, nearestName } from './known-options.js';

describe('option names', () => {
  const known = ['lingerMs', 'batchSize', 'bootstrapServers'];

  test('an unknown one fails with the nearest known name', () => {
    expect(() => checkOptionNames('The producer', { lingerMS: 1 }, known)).toThrow(
      /no option 'lingerMS'\. Is 'lingerMs' meant\?/,
    );
    expect(() => checkOptionNames('The producer', { 'bootstrap.servers': 1 }, known)).toThrow(
      /Is 'bootstrapServers' meant/,
    );
  });

  test('one that resembles none gets the list', () => {
    expect(nearestName('transactionalIdentity', known)).toBeUndefined();
    expect(() => checkOptionNames('Kafka', { colour: 1 }, known)).toThrow(/It knows lingerMs, /);
  });

  test('known ones pass', () => {
    expect(() => checkOptionNames('Kafka', { lingerMs: 1, batchSize: 2 }, known)).not.toThrow();
  });
});

test('whole numbers outside their bounds are refused with the bounds', () => {
  expect(() => checkWhole('lingerMs', -1, 0)).toThrow(/lingerMs is -1; .* from 0 to 2147483647/);
  expect(() => checkWhole('lingerMs', Number.NaN, 0)).toThrow(/NaN/);
  expect(() => checkWhole('lingerMs', 5, 0)).not.toThrow();
});
