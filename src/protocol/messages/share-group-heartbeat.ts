/**
 * ShareGroupHeartbeat: joins, keeps and leaves a share group (KIP-932).
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
  struct,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const shareGroupHeartbeatRequest = message(
  'ShareGroupHeartbeatRequest',
  apis.ShareGroupHeartbeat,
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: string.nullable().default(null),
    subscribedTopicNames: array(string).nullable().default(null),
  },
);

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

export const shareGroupHeartbeatResponse = message(
  'ShareGroupHeartbeatResponse',
  apis.ShareGroupHeartbeat,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string.nullable().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({
      topicPartitions: array(topicPartitions),
    })
      .nullable()
      .default(null),
  },
);

export interface ShareGroupHeartbeatRequest extends Input<typeof shareGroupHeartbeatRequest> {}
export interface ShareGroupHeartbeatRequestDecoded
  extends Decoded<typeof shareGroupHeartbeatRequest> {}
export interface ShareGroupHeartbeatResponse extends Input<typeof shareGroupHeartbeatResponse> {}
export interface ShareGroupHeartbeatResponseDecoded
  extends Decoded<typeof shareGroupHeartbeatResponse> {}

export interface ShareGroupHeartbeatMessages {
  request: ShareGroupHeartbeatRequest;
  requestDecoded: ShareGroupHeartbeatRequestDecoded;
  response: ShareGroupHeartbeatResponse;
  responseDecoded: ShareGroupHeartbeatResponseDecoded;
}
