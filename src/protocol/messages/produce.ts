/**
 * Produce: a producer hands record batches to the leaders of partitions.
 *
 * Versions:
 * - 3: the first version for record batches (magic 2) and the only one before topic ids that Kafka
 *   4 still starts from.
 * - 4: may answer KAFKA_STORAGE_ERROR.
 * - 5: the response adds logStartOffset.
 * - 6: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 7: batches may be compressed with zstd (KIP-110).
 * - 8: the response adds recordErrors, errorMessage; KIP-467.
 * - 9: flexible.
 * - 10: the response adds currentLeader, nodeEndpoints; the new leader comes along with
 *   NOT_LEADER_OR_FOLLOWER (KIP-951).
 * - 11: may answer TRANSACTION_ABORTABLE (KIP-890).
 * - 12: takes the partitions into the transaction itself (KIP-890, part 2).
 * - 13: adds topicId; drops name on both sides; topics by id (KIP-516).
 */
import {
  type Decoded,
  type Input,
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
import { apis } from '../apis.js';

export const produceRequest = message('ProduceRequest', apis.Produce, {
  transactionalId: string.nullable().default(null),
  acks: int16,
  timeoutMs: int32,
  topicData: array({
    name: string.until(12).ignorable(),
    topicId: uuid.since(13).ignorable(),
    partitionData: array({
      index: int32,
      records: records.nullable(),
    }),
  }),
});

export const produceResponse = message('ProduceResponse', apis.Produce, {
  responses: array({
    name: string.until(12).ignorable(),
    topicId: uuid.since(13).ignorable(),
    partitionResponses: array({
      index: int32,
      errorCode: int16,
      baseOffset: int64,
      logAppendTimeMs: int64.default(-1),
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
        .tag(0)
        .since(10),
    }),
  }),
  throttleTimeMs: int32.default(0),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  })
    .tag(0)
    .since(10),
});

export interface ProduceRequest extends Input<typeof produceRequest> {}
export interface ProduceRequestDecoded extends Decoded<typeof produceRequest> {}
export interface ProduceResponse extends Input<typeof produceResponse> {}
export interface ProduceResponseDecoded extends Decoded<typeof produceResponse> {}

export interface ProduceMessages {
  request: ProduceRequest;
  requestDecoded: ProduceRequestDecoded;
  response: ProduceResponse;
  responseDecoded: ProduceResponseDecoded;
}
