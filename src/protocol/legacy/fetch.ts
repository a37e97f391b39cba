/**
 * Fetch before Kafka 4, for record sets of magic 0 and 1.
 *
 * - 1: the response adds throttleTimeMs.
 * - 2: records may be of magic 1.
 * - 3: adds maxBytes.
 *
 * What later versions have stands here beyond the range, so that the shapes are the same.
 */
import {
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

const legacyFetch = { key: 1, versions: [0, 3], flexible: null } as const;

export const legacyFetchRequest = message('FetchRequest', legacyFetch, {
  clusterId: string.nullable().since(12).default(null).ignorable(),
  replicaId: int32.default(-1),
  replicaState: struct({
    replicaId: int32.default(-1),
    replicaEpoch: int64.default(-1),
  }).since(15),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32.since(3).default(0x7fffffff).ignorable(),
  isolationLevel: int8.since(4).default(0),
  sessionId: int32.since(7).default(0).ignorable(),
  sessionEpoch: int32.since(7).default(-1).ignorable(),
  topics: array({
    topic: string,
    topicId: uuid.since(13).ignorable(),
    partitions: array({
      partition: int32,
      currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
      fetchOffset: int64,
      lastFetchedEpoch: int32.since(12).default(-1),
      logStartOffset: int64.since(5).default(-1).ignorable(),
      partitionMaxBytes: int32,
      replicaDirectoryId: uuid.since(17).ignorable(),
      highWatermark: int64.exact().since(18).default(0x7fffffffffffffffn).ignorable(),
    }),
  }),
  forgottenTopicsData: array({
    topic: string,
    topicId: uuid.since(13).ignorable(),
    partitions: array(int32),
  }).since(7),
  rackId: string.since(11).default('').ignorable(),
});

export const legacyFetchResponse = message('FetchResponse', legacyFetch, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16.since(7).ignorable(),
  sessionId: int32.since(7).default(0),
  responses: array({
    topic: string,
    topicId: uuid.since(13).ignorable(),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      highWatermark: int64,
      lastStableOffset: int64.since(4).default(-1).ignorable(),
      logStartOffset: int64.since(5).default(-1).ignorable(),
      divergingEpoch: struct({
        epoch: int32.default(-1),
        endOffset: int64.default(-1),
      })
        .since(12)
        .ignorable(),
      currentLeader: struct({
        leaderId: int32.default(-1),
        leaderEpoch: int32.default(-1),
      })
        .since(12)
        .ignorable(),
      snapshotId: struct({
        endOffset: int64.default(-1),
        epoch: int32.default(-1),
      })
        .since(12)
        .ignorable(),
      abortedTransactions: array({
        producerId: int64,
        firstOffset: int64,
      })
        .nullable()
        .since(4)
        .ignorable(),
      preferredReadReplica: int32.since(11).default(-1).ignorable(),
      records: records.nullable(),
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  })
    .since(16)
    .ignorable(),
});
