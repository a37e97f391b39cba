import type { PartitionOf } from './routing.js';

/** Partitions gathered under their topics, in the order in which these first appear. */
export function byTopicName<I extends PartitionOf>(items: readonly I[]): [string, I[]][] {
  const topics = new Map<string, I[]>();
  for (const item of items) {
    const list = topics.get(item.topic);
    if (list === undefined) topics.set(item.topic, [item]);
    else list.push(item);
  }
  return [...topics];
}

/** What the answer says about each item, in the order of the items. */
export function answersFor<I extends PartitionOf, P extends { readonly partitionIndex: number }, T>(
  items: readonly I[],
  topics: readonly { readonly name: string; readonly partitions: readonly P[] }[],
  read: (item: I, answer: P | undefined) => T,
): T[] {
  const found = new Map<string, P>();
  for (const { name, partitions } of topics) {
    for (const one of partitions) found.set(`${name}/${one.partitionIndex}`, one);
  }
  return items.map((item) => read(item, found.get(`${item.topic}/${item.partition}`)));
}
