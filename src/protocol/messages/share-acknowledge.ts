/**
 * ShareAcknowledge: acknowledges records of a share group (KIP-932).
 *
 * Versions:
 * - 2: adds isRenewAck; the response adds acquisitionLockTimeoutMs; KIP-1222.
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
  string,
  struct,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const shareAcknowledgeRequest = message('ShareAcknowledgeRequest', apis.ShareAcknowledge, {
  groupId: string.nullable().default(null),
  memberId: string.nullable(),
  shareSessionEpoch: int32,
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
});

export const shareAcknowledgeResponse = message('ShareAcknowledgeResponse', apis.ShareAcknowledge, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable().default(null),
  acquisitionLockTimeoutMs: int32.since(2).ignorable(),
  responses: array({
    topicId: uuid,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      currentLeader: struct({
        leaderId: int32,
        leaderEpoch: int32,
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

export interface ShareAcknowledgeRequest extends Input<typeof shareAcknowledgeRequest> {}
export interface ShareAcknowledgeRequestDecoded extends Decoded<typeof shareAcknowledgeRequest> {}
export interface ShareAcknowledgeResponse extends Input<typeof shareAcknowledgeResponse> {}
export interface ShareAcknowledgeResponseDecoded extends Decoded<typeof shareAcknowledgeResponse> {}

export interface ShareAcknowledgeMessages {
  request: ShareAcknowledgeRequest;
  requestDecoded: ShareAcknowledgeRequestDecoded;
  response: ShareAcknowledgeResponse;
  responseDecoded: ShareAcknowledgeResponseDecoded;
}
