import { murmur2 } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import { crc32 } from '../../records/index.js';
import type { Random } from '../../system/index.js';
import { nearestName } from '../known-options.js';
import type { Partitioner } from './producer-record.js';

/**
 * Ready-made partitioners, by librdkafka's names. Programs that share keys must share these.
 *
 * - `murmur2_random`: as Java, and the default here: murmur2 of the key; without one, sticky.
 * - `murmur2`: the same, and records without a key go where the empty key goes.
 * - `consistent_random`: librdkafka's default: CRC-32 of the key; without one (or an empty one),
 *   sticky.
 * - `consistent`: CRC-32, and records without a key go where the empty key goes.
 * - `fnv1a_random`, `fnv1a`: FNV-1a as Sarama and librdkafka compute it, likewise.
 * - `random`: one by chance, whatever the key.
 * - `round_robin`: one after the other, whatever the key (Kafka's `RoundRobinPartitioner`).
 */
export type PartitionerName = (typeof partitionerNames)[number];

export const partitionerNames = [
  'murmur2_random',
  'murmur2',
  'consistent_random',
  'consistent',
  'fnv1a_random',
  'fnv1a',
  'random',
  'round_robin',
] as const;

type KeyHash = (key: Uint8Array) => number;

const noKey = new Uint8Array(0);
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

const javaHash: KeyHash = (key) => murmur2(key) & 0x7fffffff;
const crcHash: KeyHash = (key) => crc32(key) >>> 0;

/** FNV-1a as a signed number, of which the sign is dropped. */
const fnvHash: KeyHash = (key) => {
  let hash = fnvOffset;
  for (const byte of key) hash = Math.imul(hash ^ byte, fnvPrime);
  return Math.abs(hash | 0);
};

/** Fails with INVALID_ARGUMENT for a name that nobody knows. */
export function partitionerOf(
  chosen: Partitioner | PartitionerName | undefined,
  random: Random,
): Partitioner | undefined {
  if (chosen === undefined || typeof chosen === 'function') return chosen;
  switch (chosen) {
    case 'murmur2_random':
      return undefined;
    case 'murmur2':
      return ofEvery(javaHash);
    case 'consistent_random': {
      const ofCrc = ofKey(crcHash);
      // There an empty key counts as none.
      return (record) =>
        record.keyBytes?.length === 0 ? random.below(record.partitionCount) : ofCrc(record);
    }
    case 'consistent':
      return ofEvery(crcHash);
    case 'fnv1a_random':
      return ofKey(fnvHash);
    case 'fnv1a':
      return ofEvery(fnvHash);
    case 'random':
      return ({ partitionCount }) => random.below(partitionCount);
    case 'round_robin':
      return inTurn();
    default:
      throw unknownName(chosen);
  }
}

/** By the key; without one the choice is left to stickiness. */
function ofKey(hash: KeyHash): Partitioner {
  return ({ keyBytes, partitionCount }) =>
    keyBytes === null ? undefined : hash(keyBytes) % partitionCount;
}

/** By the key, and no key is as an empty one. */
function ofEvery(hash: KeyHash): Partitioner {
  return ({ keyBytes, partitionCount }) => hash(keyBytes ?? noKey) % partitionCount;
}

/** Each topic has a turn of its own (KIP-369). */
function inTurn(): Partitioner {
  const turns = new Map<string, number>();
  return ({ topic, partitionCount }) => {
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, (turn + 1) % partitionCount);
    return turn % partitionCount;
  };
}

function unknownName(name: string): KafkaError {
  const suggestion = nearestName(name, partitionerNames);
  return new KafkaError('INVALID_ARGUMENT', `There is no partitioner '${name}'.`, {
    hint:
      suggestion === undefined
        ? `There are ${partitionerNames.join(', ')}, or a function.`
        : `Is '${suggestion}' meant?`,
  });
}
