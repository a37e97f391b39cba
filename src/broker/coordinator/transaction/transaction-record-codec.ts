import {
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
  transactionLogKey,
  transactionLogValue,
  type TransactionLogValueDecoded,
  transactionStateRecords,
} from '../../../protocol/internal/index.js';
import type { LogRecord, RecordCodec } from '../runtime/machine.js';
import {
  type TransactionRecord,
  transactionStates,
  type TransactionValue,
} from './transaction-records.js';

/** The version of a value that Kafka writes at transaction.version 2. */
const valueWritten = 1;

/** The records of `__transaction_state`, byte for byte as Apache Kafka writes them. */
export const transactionRecordCodec: RecordCodec<TransactionRecord> = { encode, decode };

function encode({ transactionalId, value }: TransactionRecord): LogRecord {
  return {
    key: Buffer.from(encodeRecordKey(transactionLogKey, { transactionalId })),
    value: value && encodeValue(value),
  };
}

function encodeValue(value: TransactionValue): Buffer {
  const partitions = Array.from(value.partitions, ([topic, indexes]) => ({
    topic,
    partitionIds: [...indexes],
  }));
  const bytes = encodeRecordValue(transactionLogValue, valueWritten, {
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    transactionTimeoutMs: value.timeoutMs,
    transactionStatus: transactionStates.indexOf(value.state),
    // Only an id whose producer has just been given out has none at all.
    transactionPartitions: value.state === 'Empty' ? null : partitions,
    transactionLastUpdateTimestampMs: value.lastUpdateMs,
    transactionStartTimestampMs: value.startMs,
    clientTransactionVersion: value.clientVersion,
  });
  return Buffer.from(bytes);
}

/** Text and numbers of the result are its own: nothing keeps the log's buffer alive. */
function decode({ key, value }: LogRecord): TransactionRecord | undefined {
  const decoded = decodeCoordinatorRecord(transactionStateRecords, key, value);
  if (decoded === undefined) return undefined;
  const { transactionalId } = decoded.key;
  return { transactionalId, value: decoded.value && decodeValue(decoded.value) };
}

function decodeValue(value: TransactionLogValueDecoded): TransactionValue {
  return {
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: -1,
    timeoutMs: value.transactionTimeoutMs,
    state: transactionStates[value.transactionStatus] ?? 'Dead',
    partitions: new Map(
      (value.transactionPartitions ?? []).map(({ topic, partitionIds }) => [
        topic,
        new Set(partitionIds),
      ]),
    ),
    lastUpdateMs: value.transactionLastUpdateTimestampMs,
    startMs: value.transactionStartTimestampMs,
    clientVersion: value.clientTransactionVersion,
  };
}
