import { ascending } from '../consumer/assignment.js';
import type { TopicCatalog } from '../consumer/topic-catalog.js';
import type { ShareGroup } from './share-group.js';
import type { ShareTopicPartitions } from './share-messages.js';
import type { SharedTopic, ShareTopics } from './share-records.js';

/** Partitions of the topics that members read whose state has not been made yet. */
export function uninitialized(group: ShareGroup, catalog: TopicCatalog): ShareTopicPartitions[] {
  const missing: ShareTopicPartitions[] = [];
  for (const name of group.subscribedTopics()) {
    const topic = catalog.byName(name);
    if (topic === undefined) continue;
    const known = new Set(group.topics.initialized.get(topic.id)?.partitions);
    if (known.size >= topic.partitionCount) continue;
    const partitions = Array.from({ length: topic.partitionCount }, (_, index) => index);
    missing.push({
      topicId: topic.id,
      partitions: partitions.filter((partition) => !known.has(partition)),
    });
  }
  return missing;
}

/** A note that the states of these partitions are about to be made. */
export function withInitializing(
  topics: ShareTopics,
  wanted: readonly ShareTopicPartitions[],
  nameOf: (topicId: string) => string,
): ShareTopics {
  const initializing = new Map(topics.initializing);
  const deleting = new Map(topics.deleting);
  for (const { topicId, partitions } of wanted) {
    add(initializing, topicId, nameOf(topicId), partitions);
    deleting.delete(topicId);
  }
  return { ...topics, initializing, deleting };
}

/** The states of these partitions are there. */
export function withInitialized(
  topics: ShareTopics,
  made: readonly ShareTopicPartitions[],
  nameOf: (topicId: string) => string,
): ShareTopics {
  const initializing = new Map(topics.initializing);
  const initialized = new Map(topics.initialized);
  for (const { topicId, partitions } of made) {
    add(initialized, topicId, nameOf(topicId), partitions);
    remove(initializing, topicId, partitions);
  }
  return { ...topics, initializing, initialized };
}

/** The states of these topics are about to be taken away. */
export function withDeleting(topics: ShareTopics, topicIds: readonly string[]): ShareTopics {
  const initializing = new Map(topics.initializing);
  const initialized = new Map(topics.initialized);
  const deleting = new Map(topics.deleting);
  for (const topicId of topicIds) {
    const name = (initialized.get(topicId) ?? initializing.get(topicId))?.name;
    if (name === undefined) continue;
    initializing.delete(topicId);
    initialized.delete(topicId);
    deleting.set(topicId, name);
  }
  return { initializing, initialized, deleting };
}

/** Nothing is left of these topics. */
export function withoutTopics(topics: ShareTopics, topicIds: readonly string[]): ShareTopics {
  const { initializing, initialized, deleting } = withDeleting(topics, topicIds);
  const left = new Map(deleting);
  for (const topicId of topicIds) left.delete(topicId);
  return { initializing, initialized, deleting: left };
}

/** Every partition whose state is there or may be, of all topics or some. */
export function statesOf(
  { initializing, initialized }: ShareTopics,
  topicIds: Iterable<string> = new Set([...initializing.keys(), ...initialized.keys()]),
): ShareTopicPartitions[] {
  return Array.from(topicIds, (topicId) => ({
    topicId,
    partitions: union(initializing.get(topicId), initialized.get(topicId)?.partitions ?? []),
  })).filter(({ partitions }) => partitions.length > 0);
}

function add(
  topics: Map<string, SharedTopic>,
  topicId: string,
  name: string,
  partitions: readonly number[],
): void {
  topics.set(topicId, { name, partitions: union(topics.get(topicId), partitions) });
}

function remove(
  topics: Map<string, SharedTopic>,
  topicId: string,
  partitions: readonly number[],
): void {
  const topic = topics.get(topicId);
  if (topic === undefined) return;
  const left = topic.partitions.filter((partition) => !partitions.includes(partition));
  if (left.length === 0) topics.delete(topicId);
  else topics.set(topicId, { ...topic, partitions: left });
}

function union(topic: SharedTopic | undefined, more: readonly number[]): number[] {
  return ascending(new Set([...(topic?.partitions ?? []), ...more]));
}
