import { KafkaError } from '../../errors/index.js';
import type { RecordView } from '../../records/index.js';
import type { DeserializerFunction, Header, SerdeContext } from '../../serde/index.js';
import type { ConsumerInterceptors } from './consumer-interceptors.js';
import { ConsumerRecord, RecordHeaders } from './consumer-record.js';
import type { TopicPartition } from './consumer-options.js';

/** Turns records as they lie in a batch into those the application gets. */
export class RecordMaker<K, V> {
  readonly #key: DeserializerFunction<K> | undefined;
  readonly #value: DeserializerFunction<V> | undefined;
  readonly #interceptors: ConsumerInterceptors | undefined;

  /** Undefined deserializers leave bytes as they are. */
  constructor(
    key: DeserializerFunction<K> | undefined,
    value: DeserializerFunction<V> | undefined,
    interceptors?: ConsumerInterceptors,
  ) {
    this.#key = key;
    this.#value = value;
    this.#interceptors = interceptors;
  }

  /** Fails with DESERIALIZATION_FAILED, naming topic, partition and offset. */
  make(of: TopicPartition, view: RecordView, leaderEpoch: number): ConsumerRecord<K, V> {
    const { topic, partition } = of;
    const { offset } = view;
    const found = view.headers;
    const headers =
      found.length === 0
        ? RecordHeaders.none
        : new RecordHeaders(found.map((header) => [header.key, header.value] as const));
    const key = this.#read(this.#key, true, of, view, headers.list);
    const value = this.#read(this.#value, false, of, view, headers.list);
    const record = new ConsumerRecord(
      topic,
      partition,
      offset,
      view.timestamp,
      key,
      value,
      headers,
      leaderEpoch,
    );
    return this.#interceptors === undefined ? record : this.#interceptors.consuming(record);
  }

  #read<T>(
    deserialize: DeserializerFunction<T> | undefined,
    isKey: boolean,
    { topic, partition }: TopicPartition,
    view: RecordView,
    headers: readonly Header[],
  ): T {
    const bytes = isKey ? view.key : view.value;
    // Without a deserializer the type is that of the bytes, by the defaults of ConsumerOptions.
    if (deserialize === undefined) return bytes as T;
    const context: SerdeContext = { topic, partition, offset: view.offset, isKey, headers };
    return deserialize(bytes, context);
  }

  /** The error with the place where it happened. */
  about(of: TopicPartition, error: KafkaError): KafkaError {
    if (error.context.topic !== undefined) return error;
    const { topic, partition } = of;
    const { offset } = error.context;
    return new KafkaError(error.code, error.message, { topic, partition, offset, cause: error });
  }
}
