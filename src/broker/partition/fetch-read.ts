import { errnoOf, type ErrorCode, isKafkaError } from '../../errors/index.js';
import type { AbortedTransaction } from '../log/index.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import type { FetchedPartition } from './fetch-sessions.js';
import type { Partition } from './partition.js';

/** What a fetch found in one partition. */
export interface PartitionRead {
  readonly key: string;
  readonly asked: FetchedPartition;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** Aborted transactions that touch the records, by first offset; only for read_committed. */
  readonly aborted: readonly AbortedTransaction[];
  /** The client's last epoch ended earlier than it believes (KIP-595): it must truncate. */
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | undefined;
}

export interface FetchReads {
  readonly reads: readonly PartitionRead[];
  readonly bytes: number;
  /** Whether something must be told at once: an error or a diverging epoch. */
  readonly urgent: boolean;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  readonly byTopicId: boolean;
  /** The node that reads. */
  readonly nodeId: number;
  /** Whether it may read as a follower, too (KIP-392). */
  readonly followers: boolean;
}

const nothing = { chunks: [], bytes: 0, aborted: [], diverging: undefined };

const batchLengthAt = 8;
const lastOffsetDeltaAt = 23;
/** Base offset and length, which the length does not count. */
const batchOverhead = 12;

/**
 * Reads what the partitions of a fetch hold now, in their order, within the byte limits. The
 * first partition with records gives at least one batch, however large (KIP-74), so that a
 * consumer always gets ahead.
 */
export function readPartitions(
  topics: TopicRegistry,
  partitions: ReadonlyMap<string, FetchedPartition>,
  limits: FetchLimits,
): FetchReads {
  const reads: PartitionRead[] = [];
  let bytes = 0;
  let urgent = false;
  for (const [key, asked] of partitions) {
    const left = Math.max(0, limits.maxBytes - bytes);
    const read = readPartition(key, asked, topics, limits, left, bytes === 0);
    bytes += read.bytes;
    if (read.errorCode !== 0 || read.diverging !== undefined) urgent = true;
    reads.push(read);
  }
  return { reads, bytes, urgent };
}

/** The partition a fetch names, or why there is none. */
export function fetchedPartition(
  asked: FetchedPartition,
  topics: TopicRegistry,
  byTopicId: boolean,
): Partition | ErrorCode {
  const topic = byTopicId ? topics.byId(asked.topicId) : topics.byName(asked.topic);
  if (topic === undefined) return byTopicId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION';
  return topic.partitions[asked.partition] ?? 'UNKNOWN_TOPIC_OR_PARTITION';
}

function readPartition(
  key: string,
  asked: FetchedPartition,
  topics: TopicRegistry,
  limits: FetchLimits,
  bytesLeft: number,
  minOneBatch: boolean,
): PartitionRead {
  const partition = fetchedPartition(asked, topics, limits.byTopicId);
  if (typeof partition === 'string') return failed(key, asked, partition);
  const { nodeId, followers } = limits;
  const fault = partition.leaderFault(nodeId, asked.currentLeaderEpoch, followers);
  if (fault !== undefined) return failed(key, asked, fault);
  const { highWatermark, lastStableOffset, logStartOffset, logEndOffset } = partition;
  const state = { highWatermark, lastStableOffset, logStartOffset };
  const base = { key, asked, errorCode: 0, ...state };
  if (asked.lastFetchedEpoch >= 0) {
    const end = partition.log.endOffsetForEpoch(asked.lastFetchedEpoch);
    if (end.endOffset < 0) return failed(key, asked, 'OFFSET_OUT_OF_RANGE');
    if (end.epoch < asked.lastFetchedEpoch || end.endOffset < asked.fetchOffset) {
      return { ...base, ...nothing, diverging: end };
    }
  }
  const { fetchOffset } = asked;
  if (fetchOffset < logStartOffset || fetchOffset > logEndOffset) {
    return failed(key, asked, 'OFFSET_OUT_OF_RANGE');
  }
  const upTo = limits.readCommitted ? lastStableOffset : highWatermark;
  const maxBytes = Math.max(0, Math.min(asked.maxBytes, bytesLeft));
  if (fetchOffset >= upTo || (maxBytes === 0 && !minOneBatch)) return { ...base, ...nothing };
  try {
    const { chunks, bytes } = partition.read(fetchOffset, maxBytes, upTo, minOneBatch);
    const aborted = limits.readCommitted ? abortedIn(partition, fetchOffset, chunks) : [];
    return { ...base, chunks, bytes, aborted, diverging: undefined };
  } catch (error) {
    if (isKafkaError(error, 'OFFSET_OUT_OF_RANGE')) {
      return failed(key, asked, 'OFFSET_OUT_OF_RANGE');
    }
    return failed(key, asked, 'KAFKA_STORAGE_ERROR');
  }
}

/**
 * The aborted transactions that touch what was read. A consumer drops the records of a producer
 * from its transaction's first offset until it meets the marker.
 */
function abortedIn(
  partition: Partition,
  from: number,
  chunks: readonly Buffer[],
): readonly AbortedTransaction[] {
  return partition.log.abortedTransactions(from, endOf(chunks, from));
}

/** The offset after the last batch, whole or not, that stands in the chunks. */
function endOf(chunks: readonly Buffer[], from: number): number {
  let end = from;
  for (const chunk of chunks) {
    for (let at = 0; at + lastOffsetDeltaAt + 4 <= chunk.length; ) {
      end = Number(chunk.readBigInt64BE(at)) + chunk.readInt32BE(at + lastOffsetDeltaAt) + 1;
      at += batchOverhead + chunk.readInt32BE(at + batchLengthAt);
    }
  }
  return end;
}

function failed(key: string, asked: FetchedPartition, code: ErrorCode): PartitionRead {
  const unknown = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 };
  return { key, asked, errorCode: errnoOf(code), ...unknown, ...nothing };
}
