/**
 * DescribeProducers: the producers that a partition knows (KIP-664).
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
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeProducersRequest = message(
  'DescribeProducersRequest',
  apis.DescribeProducers,
  {
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
);

export const describeProducersResponse = message(
  'DescribeProducersResponse',
  apis.DescribeProducers,
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        activeProducers: array({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: int32.default(-1),
          lastTimestamp: int64.default(-1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: int64.default(-1),
        }),
      }),
    }),
  },
);

export interface DescribeProducersRequest extends Input<typeof describeProducersRequest> {}
export interface DescribeProducersRequestDecoded extends Decoded<typeof describeProducersRequest> {}
export interface DescribeProducersResponse extends Input<typeof describeProducersResponse> {}
export interface DescribeProducersResponseDecoded
  extends Decoded<typeof describeProducersResponse> {}

export interface DescribeProducersMessages {
  request: DescribeProducersRequest;
  requestDecoded: DescribeProducersRequestDecoded;
  response: DescribeProducersResponse;
  responseDecoded: DescribeProducersResponseDecoded;
}
