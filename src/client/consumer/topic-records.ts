import type { DeserializerLike } from '../../serde/index.js';
import type { IsAny, TopicName } from '../topic-map.js';
import type { ConsumerBatch } from './consumer-batch.js';
import type { ConsumerOptions } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { PartitionStream } from './partition-stream.js';

/** What a loop gets; where topics have types, `record.topic` tells which value it is. */
export type ConsumedRecord<K, V, Topics> =
  IsAny<Topics> extends true
    ? ConsumerRecord<K, V>
    : {
        [T in TopicName<Topics>]: ConsumerRecord<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

export type ConsumedBatch<K, V, Topics> =
  IsAny<Topics> extends true
    ? ConsumerBatch<K, V>
    : {
        [T in TopicName<Topics>]: ConsumerBatch<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

export type ConsumedStream<K, V, Topics> =
  IsAny<Topics> extends true
    ? PartitionStream<K, V>
    : {
        [T in TopicName<Topics>]: PartitionStream<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

/** Options of a consumer of topics with types: some of those, and how their values are read. */
export interface TopicConsumerOptions<K, V, T extends string, All = V>
  extends Omit<ConsumerOptions<K, V>, 'topics' | 'assign' | 'valueDeserializer'> {
  readonly topics?: readonly T[] | RegExp | undefined;
  readonly assign?: readonly { readonly topic: T; readonly partition: number }[] | undefined;
  /** For these topics, or for all that have types. May be left out only where values are bytes. */
  readonly valueDeserializer:
    | DeserializerLike<V>
    | DeserializerLike<All>
    | ([Buffer | null] extends [V] ? undefined : never);
}

/** The arguments of `kafka.consumer`. */
export type ConsumerArguments<K, V, Topics, T extends TopicName<Topics>> =
  IsAny<Topics> extends true
    ? [options?: ConsumerOptions<K, V>]
    : [options: TopicConsumerOptions<K, Topics[T], T, Topics[TopicName<Topics>]>];

/** The consumer of these topics. */
export type ConsumedTopics<Topics, T extends TopicName<Topics>> =
  IsAny<Topics> extends true ? Topics : Pick<Topics, T>;
