/**
 * DescribeTopicPartitions: partitions of topics page by page (KIP-966).
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

export const describeTopicPartitionsRequest = message(
  'DescribeTopicPartitionsRequest',
  apis.DescribeTopicPartitions,
  {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.default(2000),
    cursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .default(null),
  },
);

export const describeTopicPartitionsResponse = message(
  'DescribeTopicPartitionsResponse',
  apis.DescribeTopicPartitions,
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      errorCode: int16,
      name: string.nullable(),
      topicId: uuid,
      isInternal: boolean.default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().default(null),
        lastKnownElr: array(int32).nullable().default(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.default(-2147483648),
    }),
    nextCursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .default(null),
  },
);

export interface DescribeTopicPartitionsRequest
  extends Input<typeof describeTopicPartitionsRequest> {}
export interface DescribeTopicPartitionsRequestDecoded
  extends Decoded<typeof describeTopicPartitionsRequest> {}
export interface DescribeTopicPartitionsResponse
  extends Input<typeof describeTopicPartitionsResponse> {}
export interface DescribeTopicPartitionsResponseDecoded
  extends Decoded<typeof describeTopicPartitionsResponse> {}

export interface DescribeTopicPartitionsMessages {
  request: DescribeTopicPartitionsRequest;
  requestDecoded: DescribeTopicPartitionsRequestDecoded;
  response: DescribeTopicPartitionsResponse;
  responseDecoded: DescribeTopicPartitionsResponseDecoded;
}
