/**
 * Produce before Kafka 4, for record sets of magic 0 and 1.
 *
 * - 0: the answer has no throttle time.
 * - 1: the response adds throttleTimeMs.
 * - 2: the response adds logAppendTimeMs.
 *
 * What later versions have stands here beyond the range, so that the shapes are the same.
 */
import {
  array,
  int16,
  int32,
  int64,
  message,
  records,
  string,
  struct,
  uuid,
} from '../../schema/index.js';

const legacyProduce = { key: 0, versions: [0, 2], flexible: null } as const;

export const legacyProduceRequest = message('ProduceRequest', legacyProduce, {
  transactionalId: string.nullable().since(3).default(null),
  acks: int16,
  timeoutMs: int32,
  topicData: array({
    name: string,
    topicId: uuid.since(13).ignorable(),
    partitionData: array({
      index: int32,
      records: records.nullable(),
    }),
  }),
});

export const legacyProduceResponse = message('ProduceResponse', legacyProduce, {
  responses: array({
    name: string,
    topicId: uuid.since(13).ignorable(),
    partitionResponses: array({
      index: int32,
      errorCode: int16,
      baseOffset: int64,
      logAppendTimeMs: int64.since(2).default(-1).ignorable(),
      logStartOffset: int64.since(5).default(-1).ignorable(),
      recordErrors: array({
        batchIndex: int32,
        batchIndexErrorMessage: string.nullable().default(null),
      })
        .since(8)
        .ignorable(),
      errorMessage: string.nullable().since(8).default(null).ignorable(),
      currentLeader: struct({
        leaderId: int32.default(-1),
        leaderEpoch: int32.default(-1),
      })
        .since(10)
        .ignorable(),
    }),
  }),
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  })
    .since(10)
    .ignorable(),
});
