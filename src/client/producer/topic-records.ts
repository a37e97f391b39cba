import type { Demanding, IsAny, TopicName, ValueOf } from '../topic-map.js';
import type { ProducerOptions } from './producer-options.js';
import type { Bytes, ProducerRecord } from './producer-record.js';

/** What a producer takes; where topics have types, what fits the topic. */
export type RecordToSend<K, V, Topics> =
  IsAny<Topics> extends true
    ? ProducerRecord<K, V>
    : {
        [T in TopicName<Topics>]: ProducerRecord<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

/** The arguments of `kafka.producer`: a serializer is asked for where values are not bytes. */
export type ProducerArguments<K, V, Topics> =
  IsAny<Topics> extends true
    ? [options?: ProducerOptions<K, V>]
    : [ValueOf<Topics, Bytes>] extends [Bytes]
      ? [options?: ProducerOptions<K, ValueOf<Topics, Bytes>>]
      : [
          options: Demanding<
            ProducerOptions<K, ValueOf<Topics, Bytes>>,
            'valueSerializer',
            Bytes,
            ValueOf<Topics, Bytes>
          >,
        ];
