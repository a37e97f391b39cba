/**
 * Fetch: a consumer (or follower) reads record batches from the leaders of partitions.
 *
 * Versions:
 * - 4: the first version for record batches (magic 2).
 * - 5: adds logStartOffset on both sides.
 * - 6: may answer KAFKA_STORAGE_ERROR.
 * - 7: adds sessionId, sessionEpoch, forgottenTopicsData; the response adds errorCode, sessionId;
 *   fetch sessions (KIP-227).
 * - 8: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 9: adds currentLeaderEpoch; KIP-320.
 * - 10: batches may be compressed with zstd (KIP-110).
 * - 11: adds rackId; the response adds preferredReadReplica; KIP-392.
 * - 12: adds clusterId, lastFetchedEpoch; the response adds divergingEpoch, currentLeader,
 *   snapshotId; flexible; detects truncation (KIP-595).
 * - 13: adds topicId; drops topic on both sides; topics by id (KIP-516).
 * - 14: may answer OFFSET_MOVED_TO_TIERED_STORAGE (KIP-405).
 * - 15: adds replicaState; drops replicaId; KIP-903.
 * - 16: the response adds nodeEndpoints; KIP-951.
 * - 17: adds replicaDirectoryId; KIP-853.
 * - 18: adds highWatermark; KIP-1166.
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  int64,
  message,
  records,
  string,
  struct,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const fetchRequest = message('FetchRequest', apis.Fetch, {
  clusterId: string.nullable().tag(0).since(12).default(null).ignorable(),
  replicaId: int32.until(14).default(-1),
  replicaState: struct({
    replicaId: int32.default(-1),
    replicaEpoch: int64.default(-1),
  })
    .tag(1)
    .since(15),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32.default(0x7fffffff),
  isolationLevel: int8.default(0),
  sessionId: int32.since(7).default(0).ignorable(),
  sessionEpoch: int32.since(7).default(-1).ignorable(),
  topics: array({
    topic: string.until(12).ignorable(),
    topicId: uuid.since(13).ignorable(),
    partitions: array({
      partition: int32,
      currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
      fetchOffset: int64,
      lastFetchedEpoch: int32.since(12).default(-1),
      logStartOffset: int64.since(5).default(-1).ignorable(),
      partitionMaxBytes: int32,
      replicaDirectoryId: uuid.tag(0).since(17).ignorable(),
      highWatermark: int64.exact().tag(1).since(18).default(0x7fffffffffffffffn).ignorable(),
    }),
  }),
  forgottenTopicsData: array({
    topic: string.until(12).ignorable(),
    topicId: uuid.since(13).ignorable(),
    partitions: array(int32),
  }).since(7),
  rackId: string.since(11).default('').ignorable(),
});

export const fetchResponse = message('FetchResponse', apis.Fetch, {
  throttleTimeMs: int32.default(0),
  errorCode: int16.since(7).ignorable(),
  sessionId: int32.since(7).default(0),
  responses: array({
    topic: string.until(12).ignorable(),
    topicId: uuid.since(13).ignorable(),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      highWatermark: int64,
      lastStableOffset: int64.default(-1),
      logStartOffset: int64.since(5).default(-1).ignorable(),
      divergingEpoch: struct({
        epoch: int32.default(-1),
        endOffset: int64.default(-1),
      })
        .tag(0)
        .since(12),
      currentLeader: struct({
        leaderId: int32.default(-1),
        leaderEpoch: int32.default(-1),
      })
        .tag(1)
        .since(12),
      snapshotId: struct({
        endOffset: int64.default(-1),
        epoch: int32.default(-1),
      })
        .tag(2)
        .since(12),
      abortedTransactions: array({
        producerId: int64,
        firstOffset: int64,
      }).nullable(),
      preferredReadReplica: int32.since(11).default(-1),
      records: records.nullable(),
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  })
    .tag(0)
    .since(16),
});

export interface FetchRequest extends Input<typeof fetchRequest> {}
export interface FetchRequestDecoded extends Decoded<typeof fetchRequest> {}
export interface FetchResponse extends Input<typeof fetchResponse> {}
export interface FetchResponseDecoded extends Decoded<typeof fetchResponse> {}

export interface FetchMessages {
  request: FetchRequest;
  requestDecoded: FetchRequestDecoded;
  response: FetchResponse;
  responseDecoded: FetchResponseDecoded;
}
