/**
 * ShareGroupDescribe: state and members of share groups (KIP-932).
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  message,
  string,
  struct,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const shareGroupDescribeRequest = message(
  'ShareGroupDescribeRequest',
  apis.ShareGroupDescribe,
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

export const shareGroupDescribeResponse = message(
  'ShareGroupDescribeResponse',
  apis.ShareGroupDescribe,
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
        rackId: string.nullable().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct(assignment),
      }),
      authorizedOperations: int32.default(-2147483648),
    }),
  },
);

export interface ShareGroupDescribeRequest extends Input<typeof shareGroupDescribeRequest> {}
export interface ShareGroupDescribeRequestDecoded
  extends Decoded<typeof shareGroupDescribeRequest> {}
export interface ShareGroupDescribeResponse extends Input<typeof shareGroupDescribeResponse> {}
export interface ShareGroupDescribeResponseDecoded
  extends Decoded<typeof shareGroupDescribeResponse> {}

export interface ShareGroupDescribeMessages {
  request: ShareGroupDescribeRequest;
  requestDecoded: ShareGroupDescribeRequestDecoded;
  response: ShareGroupDescribeResponse;
  responseDecoded: ShareGroupDescribeResponseDecoded;
}
