import type { TopicPartition } from './consumer-options.js';

/** One string for a partition; topic names hold no colon. */
export function partitionKey(of: TopicPartition): string {
  return `${of.topic}:${of.partition}`;
}

/** Partitions under their topic, in the order given. */
export function byTopic(partitions: Iterable<TopicPartition>): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [partition]);
    else list.push(partition);
  }
  return topics;
}

/** By topic, then by number; the order in which people are shown partitions. */
export function sortedPartitions(partitions: Iterable<TopicPartition>): TopicPartition[] {
  return [...partitions].sort((left, right) => {
    if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
    return left.partition - right.partition;
  });
}

/** Those of `left` that are not in `right`. */
export function without(
  left: readonly TopicPartition[],
  right: readonly TopicPartition[],
): TopicPartition[] {
  const keys = new Set(right.map(partitionKey));
  return left.filter((each) => !keys.has(partitionKey(each)));
}

/** `orders-0, orders-1`, for messages. */
export function partitionNames(partitions: readonly TopicPartition[]): string {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ');
}

/** Whatever belongs to partitions, under their topic, in the order given. */
export function groupByTopic<T extends TopicPartition>(items: Iterable<T>): Map<string, T[]> {
  const topics = new Map<string, T[]>();
  for (const each of items) {
    const list = topics.get(each.topic);
    if (list === undefined) topics.set(each.topic, [each]);
    else list.push(each);
  }
  return topics;
}
