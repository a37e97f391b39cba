/**
 * ConsumerGroupDescribe: state and members of KIP-848 groups.
 *
 * Versions:
 * - 1: the response adds memberType; KIP-1099.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int8,
  int16,
  int32,
  message,
  string,
  struct,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const consumerGroupDescribeRequest = message(
  'ConsumerGroupDescribeRequest',
  apis.ConsumerGroupDescribe,
  {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
);

const topicPartitions = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
};

const assignment = {
  topicPartitions: array(topicPartitions),
};

export const consumerGroupDescribeResponse = message(
  'ConsumerGroupDescribeResponse',
  apis.ConsumerGroupDescribe,
  {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: string.nullable().default(null),
        rackId: string.nullable().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.nullable().default(null),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8.since(1).default(-1).ignorable(),
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
);

export interface ConsumerGroupDescribeRequest extends Input<typeof consumerGroupDescribeRequest> {}
export interface ConsumerGroupDescribeRequestDecoded
  extends Decoded<typeof consumerGroupDescribeRequest> {}
export interface ConsumerGroupDescribeResponse
  extends Input<typeof consumerGroupDescribeResponse> {}
export interface ConsumerGroupDescribeResponseDecoded
  extends Decoded<typeof consumerGroupDescribeResponse> {}

export interface ConsumerGroupDescribeMessages {
  request: ConsumerGroupDescribeRequest;
  requestDecoded: ConsumerGroupDescribeRequestDecoded;
  response: ConsumerGroupDescribeResponse;
  responseDecoded: ConsumerGroupDescribeResponseDecoded;
}
