import { Reader, Writer } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../protocol/internal/consumer-protocol.js';
import { codec } from '../../schema/index.js';
import type { TopicPartition } from './consumer-options.js';
import { byTopic } from './topic-partitions.js';

/** What one member tells the leader's assignor. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly userData: Buffer | null;
  readonly owned: readonly TopicPartition[];
  readonly generationId: number;
  readonly rackId: string | null;
}

/** The newest version; older readers stop where their version ends. */
const version = 3;

export function encodeSubscription(subscription: Subscription): Buffer {
  const { topics, userData, owned, generationId, rackId } = subscription;
  const writer = new Writer();
  writer.int16(version);
  codec(consumerProtocolSubscription, version).encode(writer, {
    topics: [...topics].sort(),
    userData,
    ownedPartitions: topicsOf(owned),
    generationId,
    rackId,
  });
  return Buffer.from(writer.bytes());
}

/** Newer versions are read as the newest known one: they only add at the end. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new Reader(bytes);
  const decoded = codec(consumerProtocolSubscription, readVersion(reader)).decode(reader);
  const { topics, userData, ownedPartitions, generationId, rackId } = decoded;
  return { topics, userData, owned: partitionsOf(ownedPartitions), generationId, rackId };
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new Writer();
  writer.int16(version);
  codec(consumerProtocolAssignment, version).encode(writer, {
    assignedPartitions: topicsOf(partitions),
    userData: null,
  });
  return Buffer.from(writer.bytes());
}

/** No bytes at all are an assignment of nothing. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new Reader(bytes);
  const decoded = codec(consumerProtocolAssignment, readVersion(reader)).decode(reader);
  return partitionsOf(decoded.assignedPartitions);
}

function readVersion(reader: Reader): number {
  const written = reader.int16();
  if (written >= 0) return Math.min(written, version);
  throw new KafkaError('MALFORMED_MESSAGE', `${written} is no version of the consumer protocol.`);
}

function topicsOf(partitions: readonly TopicPartition[]) {
  return [...byTopic(partitions)].map(([topic, list]) => ({ topic, partitions: list }));
}

function partitionsOf(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
