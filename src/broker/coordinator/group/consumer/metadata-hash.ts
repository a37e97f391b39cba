import { xxh3 } from './xxh3.js';

/** What is hashed of a topic. */
export interface HashedTopic {
  readonly name: string;
  readonly id: string;
  readonly partitionCount: number;
}

/** Tells later ways of hashing apart from this one. */
const magic = 0;

/**
 * A number that changes with a topic's id, name and number of partitions, the one Kafka computes
 * for a topic whose brokers name no racks (`Utils.computeTopicHash`).
 */
export function topicHashOf({ name, id, partitionCount }: HashedTopic): bigint {
  const text = Buffer.from(name, 'utf16le');
  const bytes = Buffer.alloc(1 + 16 + text.length + 4 + 4 + 4 * partitionCount);
  let at = bytes.writeUInt8(magic, 0);
  const uuid = Buffer.from(id, 'base64url');
  at = bytes.writeBigUInt64LE(uuid.readBigUInt64BE(0), at);
  at = bytes.writeBigUInt64LE(uuid.readBigUInt64BE(8), at);
  at += text.copy(bytes, at);
  at = bytes.writeInt32LE(name.length, at);
  at = bytes.writeInt32LE(partitionCount, at);
  for (let index = 0; index < partitionCount; index++) at = bytes.writeInt32LE(index, at);
  return xxh3(bytes);
}

/** One number, signed, for all topics a group reads, as the group's record keeps it; 0 for none. */
export function metadataHashOf(topics: Iterable<readonly [name: string, hash: bigint]>): bigint {
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return 0n;
  const bytes = Buffer.alloc(8 * sorted.length);
  sorted.forEach(([, hash], at) => bytes.writeBigUInt64LE(hash, 8 * at));
  return BigInt.asIntN(64, xxh3(bytes));
}
