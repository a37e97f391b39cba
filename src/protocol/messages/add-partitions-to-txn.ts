/**
 * AddPartitionsToTxn: takes partitions into a transaction. Clients use versions up to 3, brokers 4
 * and later.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: may answer PRODUCER_FENCED.
 * - 3: flexible.
 * - 4: adds transactions; drops v3AndBelowTransactionalId, v3AndBelowProducerId,
 *   v3AndBelowProducerEpoch, v3AndBelowTopics; the response adds errorCode, resultsByTransaction;
 *   drops resultsByTopicV3AndBelow; several transactions at once, between brokers.
 * - 5: may answer TRANSACTION_ABORTABLE (KIP-890).
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
};

export const addPartitionsToTxnRequest = message(
  'AddPartitionsToTxnRequest',
  apis.AddPartitionsToTxn,
  {
    transactions: array({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      verifyOnly: boolean.default(false),
      topics: array(addPartitionsToTxnTopic),
    }).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: int64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).until(3),
  },
);

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
};

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
};

export const addPartitionsToTxnResponse = message(
  'AddPartitionsToTxnResponse',
  apis.AddPartitionsToTxn,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    }).since(4),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).until(3),
  },
);

export interface AddPartitionsToTxnRequest extends Input<typeof addPartitionsToTxnRequest> {}
export interface AddPartitionsToTxnRequestDecoded
  extends Decoded<typeof addPartitionsToTxnRequest> {}
export interface AddPartitionsToTxnResponse extends Input<typeof addPartitionsToTxnResponse> {}
export interface AddPartitionsToTxnResponseDecoded
  extends Decoded<typeof addPartitionsToTxnResponse> {}

export interface AddPartitionsToTxnMessages {
  request: AddPartitionsToTxnRequest;
  requestDecoded: AddPartitionsToTxnRequestDecoded;
  response: AddPartitionsToTxnResponse;
  responseDecoded: AddPartitionsToTxnResponseDecoded;
}
