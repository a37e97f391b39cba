import { describe, expect, test } from 'vitest';
import { simulatedSystem } from '../../system/simulated/index.js';
import { type PartitionerName, partitionerNames, partitionerOf } from './partitioners.js';

const { random } = simulatedSystem(1);
const keys = ['', 'a', 'kafka', 'key-1', 'key-22', 'äöü', 'a much longer key with words', null];
const partitionCount = 7;

/** Where librdkafka 2.15 has put these keys, in the order of `keys`; x where chance decides. */
const librdkafka: Record<
  Exclude<PartitionerName, 'random' | 'round_robin' | 'murmur2_random'>,
  string
> = {
  consistent: '0 4 6 0 4 2 4 0',
  consistent_random: 'x 4 6 0 4 2 4 x',
  murmur2: '2 5 3 5 0 5 4 2',
  fnv1a: '2 6 4 1 2 3 6 2',
  fnv1a_random: '2 6 4 1 2 3 6 x',
};

function placeOf(name: PartitionerName, key: string | null): number | undefined {
  const keyBytes = key === null ? null : Buffer.from(key);
  const partitioner = partitionerOf(name, random);
  return partitioner?.({ topic: 't', keyBytes, valueBytes: null, headers: [], partitionCount });
}

describe('partitioners by name', () => {
  test.each(Object.entries(librdkafka))('%s puts keys where librdkafka does', (name, places) => {
    const wanted = places.split(' ');
    for (const [index, key] of keys.entries()) {
      const place = placeOf(name as PartitionerName, key);
      if (wanted[index] === 'x') expect(place ?? 0).toBeLessThan(partitionCount);
      else expect(place, `${name} ${key}`).toBe(Number(wanted[index]));
    }
  });

  test('random uses every partition for one key', () => {
    const seen = new Set(Array.from({ length: 200 }, () => placeOf('random', 'a')));
    expect(seen.size).toBe(partitionCount);
  });

  test('round_robin takes one after the other, topic by topic, whatever the key', () => {
    const partitioner = partitionerOf('round_robin', random);
    const next = (topic: string, count: number) =>
      partitioner?.({
        ...{ topic, valueBytes: null, headers: [], partitionCount: count },
        keyBytes: Buffer.from('a'),
      });
    expect([1, 2, 3, 4].map(() => next('t', 3))).toEqual([0, 1, 2, 0]);
    expect([next('other', 2), next('t', 3), next('other', 2)]).toEqual([0, 1, 1]);
    // The topic has shrunk: made anew, with fewer partitions.
    expect(next('t', 1)).toBe(0);
  });

  test('murmur2_random is what a producer does anyway', () => {
    expect(partitionerOf('murmur2_random', random)).toBeUndefined();
  });

  test('a name that nobody knows is refused with a suggestion', () => {
    const wrong = 'murmur2random2' as PartitionerName;
    expect(() => partitionerOf(wrong, random)).toThrow("Is 'murmur2_random' meant?");
    expect(partitionerNames).toContain('consistent_random');
  });
});
