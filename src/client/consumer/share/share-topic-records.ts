import type { IsAny, TopicName } from '../../topic-map.js';
import type { TopicConsumerOptions } from '../topic-records.js';
import type { ShareBatch } from './share-batch.js';
import type { ShareConsumerOptions } from './share-consumer-options.js';
import type { ShareRecord } from './share-record.js';

/** What a loop gets; where topics have types, `record.topic` tells which value it is. */
export type SharedRecord<K, V, Topics> =
  IsAny<Topics> extends true
    ? ShareRecord<K, V>
    : {
        [T in TopicName<Topics>]: ShareRecord<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

export type SharedBatch<K, V, Topics> =
  IsAny<Topics> extends true
    ? ShareBatch<K, V>
    : {
        [T in TopicName<Topics>]: ShareBatch<K, Topics[T]> & { readonly topic: T };
      }[TopicName<Topics>];

/** Options of a share consumer of topics with types: some of those, and how values are read. */
export interface TopicShareConsumerOptions<K, V, T extends string, All = V>
  extends Omit<ShareConsumerOptions<K, V>, 'topics' | 'valueDeserializer'> {
  readonly topics: readonly T[];
  readonly valueDeserializer: TopicConsumerOptions<K, V, T, All>['valueDeserializer'];
}

/** The arguments of `kafka.shareConsumer`. */
export type ShareConsumerArguments<K, V, Topics, T extends TopicName<Topics>> =
  IsAny<Topics> extends true
    ? [options: ShareConsumerOptions<K, V>]
    : [options: TopicShareConsumerOptions<K, Topics[T], T, Topics[TopicName<Topics>]>];
