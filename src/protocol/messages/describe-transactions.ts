/**
 * DescribeTransactions: the state of transactional ids (KIP-664).
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

export const describeTransactionsRequest = message(
  'DescribeTransactionsRequest',
  apis.DescribeTransactions,
  {
    transactionalIds: array(string),
  },
);

export const describeTransactionsResponse = message(
  'DescribeTransactionsResponse',
  apis.DescribeTransactions,
  {
    throttleTimeMs: int32.default(0),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
);

export interface DescribeTransactionsRequest extends Input<typeof describeTransactionsRequest> {}
export interface DescribeTransactionsRequestDecoded
  extends Decoded<typeof describeTransactionsRequest> {}
export interface DescribeTransactionsResponse extends Input<typeof describeTransactionsResponse> {}
export interface DescribeTransactionsResponseDecoded
  extends Decoded<typeof describeTransactionsResponse> {}

export interface DescribeTransactionsMessages {
  request: DescribeTransactionsRequest;
  requestDecoded: DescribeTransactionsRequestDecoded;
  response: DescribeTransactionsResponse;
  responseDecoded: DescribeTransactionsResponseDecoded;
}
