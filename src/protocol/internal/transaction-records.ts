/**
 * Records of `__transaction_state`: one per transactional id.
 *
 * - TransactionLogValue 1: adds previousProducerId, nextProducerId, nextProducerEpoch,
 *   clientTransactionVersion; flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';

export const transactionLogKey = message(
  'TransactionLogKey',
  { key: 0, versions: [0, 0], flexible: null },
  {
    transactionalId: string,
  },
);

export const transactionLogValue = message(
  'TransactionLogValue',
  { key: 0, versions: [0, 1], flexible: 1 },
  {
    producerId: int64,
    previousProducerId: int64.tag(0).since(1).default(-1),
    nextProducerId: int64.tag(1).since(1).default(-1),
    producerEpoch: int16,
    nextProducerEpoch: int16.tag(3).since(1).default(-1),
    transactionTimeoutMs: int32,
    transactionStatus: int8,
    transactionPartitions: array({
      topic: string,
      partitionIds: array(int32),
    }).nullable(),
    transactionLastUpdateTimestampMs: int64,
    transactionStartTimestampMs: int64,
    clientTransactionVersion: int16.tag(2).since(1).default(0),
  },
);

export interface TransactionLogValue extends Input<typeof transactionLogValue> {}
export interface TransactionLogValueDecoded extends Decoded<typeof transactionLogValue> {}
