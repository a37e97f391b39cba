import { describe, expect, test } from 'vitest';
import { DeliveryIterator } from './delivery-iterator.js';

describe('an iterator over deliveries', () => {
  test('takes ready items at once again as soon as a wait is over', async () => {
    let waits = 0;
    let item = 0;
    const iterator = new DeliveryIterator<number>({
      ready: () => (item === 0 || item === 5 ? undefined : ++item),
      wait: () => Promise.resolve(item === 5 ? undefined : (waits++, ++item)),
      left: () => undefined,
    });
    const seen: number[] = [];
    for await (const each of iterator) seen.push(each);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(waits).toBe(1);
  });

  test('answers calls in the order they came, also those before an answer', async () => {
    let item = 0;
    const iterator = new DeliveryIterator<number>({
      ready: () => undefined,
      wait: () => new Promise((resolve) => setImmediate(() => resolve(++item))),
      left: () => undefined,
    });
    const answers = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    expect(answers.map(({ value }) => value as number)).toEqual([1, 2, 3]);
    expect(await iterator.return()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
