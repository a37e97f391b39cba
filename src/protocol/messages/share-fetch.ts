/**
 * ShareFetch: acquires records for a member of a share group, and acknowledges earlier ones
 * (KIP-932).
 *
 * Versions:
 * - 2: adds shareAcquireMode, isRenewAck; renewal of locks (KIP-1222), acquire mode (KIP-1206).
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
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

export const shareFetchRequest = message('ShareFetchRequest', apis.ShareFetch, {
  groupId: string.nullable().default(null),
  memberId: string.nullable(),
  shareSessionEpoch: int32,
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32.default(0x7fffffff),
  maxRecords: int32,
  batchSize: int32,
  shareAcquireMode: int8.since(2).default(0).ignorable(),
  isRenewAck: boolean.since(2).default(false),
  topics: array({
    topicId: uuid,
    partitions: array({
      partitionIndex: int32,
      acknowledgementBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        acknowledgeTypes: array(int8),
      }),
    }),
  }),
  forgottenTopicsData: array({
    topicId: uuid,
    partitions: array(int32),
  }),
});

export const shareFetchResponse = message('ShareFetchResponse', apis.ShareFetch, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable().default(null),
  acquisitionLockTimeoutMs: int32,
  responses: array({
    topicId: uuid,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      acknowledgeErrorCode: int16,
      acknowledgeErrorMessage: string.nullable().default(null),
      currentLeader: struct({
        leaderId: int32,
        leaderEpoch: int32,
      }),
      records: records,
      acquiredRecords: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryCount: int16,
      }),
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  }),
});

export interface ShareFetchRequest extends Input<typeof shareFetchRequest> {}
export interface ShareFetchRequestDecoded extends Decoded<typeof shareFetchRequest> {}
export interface ShareFetchResponse extends Input<typeof shareFetchResponse> {}
export interface ShareFetchResponseDecoded extends Decoded<typeof shareFetchResponse> {}

export interface ShareFetchMessages {
  request: ShareFetchRequest;
  requestDecoded: ShareFetchRequestDecoded;
  response: ShareFetchResponse;
  responseDecoded: ShareFetchResponseDecoded;
}
