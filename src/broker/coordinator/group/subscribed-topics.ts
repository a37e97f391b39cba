import { Reader } from '../../../bytes/index.js';
import { isKafkaError } from '../../../errors/index.js';

/**
 * The topics named in the subscriptions of consumers, whose beginning has been the same in every
 * version of Kafka's `ConsumerProtocolSubscription`: int16 version, then an array of strings.
 * Undefined when one of them cannot be read.
 */
export function subscribedTopicsOf(
  subscriptions: readonly Buffer[],
): ReadonlySet<string> | undefined {
  const topics = new Set<string>();
  try {
    for (const subscription of subscriptions) addTopics(subscription, topics);
  } catch (error) {
    if (isKafkaError(error, 'MALFORMED_MESSAGE')) return undefined;
    throw error;
  }
  return topics;
}

function addTopics(subscription: Buffer, topics: Set<string>): void {
  const reader = new Reader(subscription);
  // Every version begins alike, so that the version does not matter.
  reader.int16();
  const count = reader.int32();
  for (let i = 0; i < count; i++) topics.add(reader.utf8(reader.int16()));
}
