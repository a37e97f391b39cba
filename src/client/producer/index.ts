/**
 * Producer: from `send` to the acknowledgement. Knows records, batches, sequences and retries;
 * who leads a partition it asks the cluster; how values become bytes it leaves to serde. Knows
 * nothing of consumers and groups.
 */
export { Producer, type SendOptions } from './producer.js';
export type { Acks, ProducerOptions } from './producer-options.js';
export type {
  Bytes,
  HeadersInput,
  HeaderValue,
  Partitioner,
  PartitionerRecord,
  ProducerRecord,
  RecordMetadata,
} from './producer-record.js';
