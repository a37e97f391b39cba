/**
 * ConsumerGroupHeartbeat: joins, keeps and leaves a group of the KIP-848 protocol; assignments
 * come in the answer.
 *
 * Versions:
 * - 1: adds subscribedTopicRegex; the member makes its own id (KIP-1082); may answer
 *   INVALID_REGULAR_EXPRESSION.
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

export const consumerGroupHeartbeatRequest = message(
  'ConsumerGroupHeartbeatRequest',
  apis.ConsumerGroupHeartbeat,
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: array(string).nullable().default(null),
    subscribedTopicRegex: string.nullable().since(1).default(null),
    serverAssignor: string.nullable().default(null),
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    })
      .nullable()
      .default(null),
  },
);

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

export const consumerGroupHeartbeatResponse = message(
  'ConsumerGroupHeartbeatResponse',
  apis.ConsumerGroupHeartbeat,
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

export interface ConsumerGroupHeartbeatRequest
  extends Input<typeof consumerGroupHeartbeatRequest> {}
export interface ConsumerGroupHeartbeatRequestDecoded
  extends Decoded<typeof consumerGroupHeartbeatRequest> {}
export interface ConsumerGroupHeartbeatResponse
  extends Input<typeof consumerGroupHeartbeatResponse> {}
export interface ConsumerGroupHeartbeatResponseDecoded
  extends Decoded<typeof consumerGroupHeartbeatResponse> {}

export interface ConsumerGroupHeartbeatMessages {
  request: ConsumerGroupHeartbeatRequest;
  requestDecoded: ConsumerGroupHeartbeatRequestDecoded;
  response: ConsumerGroupHeartbeatResponse;
  responseDecoded: ConsumerGroupHeartbeatResponseDecoded;
}
