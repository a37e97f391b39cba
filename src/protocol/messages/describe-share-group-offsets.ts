/**
 * DescribeShareGroupOffsets: the start offsets of a share group (KIP-932).
 *
 * Versions:
 * - 1: the response adds lag; KIP-1226.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeShareGroupOffsetsRequest = message(
  'DescribeShareGroupOffsetsRequest',
  apis.DescribeShareGroupOffsets,
  {
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        partitions: array(int32),
      }).nullable(),
    }),
  },
);

export const describeShareGroupOffsetsResponse = message(
  'DescribeShareGroupOffsetsResponse',
  apis.DescribeShareGroupOffsets,
  {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: int64.since(1).default(-1).ignorable(),
          errorCode: int16,
          errorMessage: string.nullable().default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  },
);

export interface DescribeShareGroupOffsetsRequest
  extends Input<typeof describeShareGroupOffsetsRequest> {}
export interface DescribeShareGroupOffsetsRequestDecoded
  extends Decoded<typeof describeShareGroupOffsetsRequest> {}
export interface DescribeShareGroupOffsetsResponse
  extends Input<typeof describeShareGroupOffsetsResponse> {}
export interface DescribeShareGroupOffsetsResponseDecoded
  extends Decoded<typeof describeShareGroupOffsetsResponse> {}

export interface DescribeShareGroupOffsetsMessages {
  request: DescribeShareGroupOffsetsRequest;
  requestDecoded: DescribeShareGroupOffsetsRequestDecoded;
  response: DescribeShareGroupOffsetsResponse;
  responseDecoded: DescribeShareGroupOffsetsResponseDecoded;
}
