/**
 * Producer: from `send` to the acknowledgement. Knows records, batches, sequences, retries and
 * transactions; who leads a partition it asks the cluster; how values become bytes it leaves to
 * serde. Of consumers it knows only that they have offsets to commit in somebody's name.
 */
export { Producer, type SendOptions } from './producer.js';
export type { PartitionerName } from './partitioners.js';
export {
  onProducerBatch,
  type ProducerBatchEvent,
  type TransactionEvent,
} from './producer-counters.js';
export type { Acks, ProducerOptions } from './producer-options.js';
export type { FailedRecord, ProducerInterceptor } from './producer-interceptors.js';
export type {
  Bytes,
  HeadersInput,
  HeaderValue,
  Partitioner,
  PartitionerRecord,
  ProducerRecord,
  RecordMetadata,
} from './producer-record.js';
export type { ProducerArguments, RecordToSend } from './topic-records.js';
export { Transaction } from './transaction.js';
export { type TransactionErrorKind, transactionErrorKind } from './transaction-errors.js';
export type {
  GroupMetadata,
  OffsetSource,
  OffsetToCommit,
  TransactionOffsets,
} from './transaction-offsets.js';
export type {
  BatchSource,
  ExactlyOnceHandler,
  InputBatch,
  TransactionOptions,
  TransactionWork,
} from './transaction-runner.js';
