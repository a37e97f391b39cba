import type { KafkaError } from '../../errors/index.js';
import type { Logger } from '../../system/index.js';
import type { ProducerRecord, RecordMetadata } from './producer-record.js';

/** A record that was given up: where it was meant to go, as far as that was decided. */
export interface FailedRecord {
  /** Empty where the record named none. */
  readonly topic: string;
  /** -1 where no partition was chosen. */
  readonly partition: number;
}

/**
 * Looks at every record on its way, or changes it (KIP-42). What an interceptor throws is logged
 * and has no effect. Follows Kafka's `ProducerInterceptor`.
 */
export interface ProducerInterceptor<K = unknown, V = unknown> {
  /** Before serializers and partitioner; what it returns is sent. Several run in their order. */
  onSend?(record: ProducerRecord<K, V>): ProducerRecord<K, V>;
  /** The record is acknowledged, or given up for the error. Delays whoever waits: be quick. */
  onAcknowledgement?(record: RecordMetadata | FailedRecord, error: KafkaError | undefined): void;
}

/** The interceptors of one producer. */
export class ProducerInterceptors {
  readonly #list: readonly ProducerInterceptor[];
  readonly #logger: Logger;

  constructor(list: readonly ProducerInterceptor[], logger: Logger) {
    this.#list = list;
    this.#logger = logger;
  }

  sending(record: ProducerRecord<unknown, unknown>): ProducerRecord<unknown, unknown> {
    let changed = record;
    for (const interceptor of this.#list) {
      try {
        changed = interceptor.onSend?.(changed) ?? changed;
      } catch (error) {
        this.#logger.warn('an interceptor threw in onSend', { error });
      }
    }
    return changed;
  }

  /** The records of a batch, after it was acknowledged. */
  acknowledged(records: readonly RecordMetadata[]): void {
    for (const record of records) this.#settled(record);
  }

  /** The records of a batch that was given up. */
  failed(records: readonly RecordMetadata[], errorOf: (index: number) => KafkaError): void {
    for (const [index, record] of records.entries()) this.#settled(record, errorOf(index));
  }

  #settled(record: RecordMetadata | FailedRecord, error?: KafkaError): void {
    for (const interceptor of this.#list) {
      try {
        interceptor.onAcknowledgement?.(record, error);
      } catch (thrown) {
        this.#logger.warn('an interceptor threw in onAcknowledgement', { error: thrown });
      }
    }
  }

  /** A record that came into no batch. */
  refused(record: ProducerRecord<unknown, unknown> | undefined, error: KafkaError): void {
    const topic = typeof record?.topic === 'string' ? record.topic : '';
    this.#settled({ topic, partition: record?.partition ?? -1 }, error);
  }
}
