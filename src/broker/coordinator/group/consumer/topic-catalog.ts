import type { Assignment } from './assignment.js';
import type { DescribedTopicPartitions } from './consumer-messages.js';
import { type HashedTopic, metadataHashOf, topicHashOf } from './metadata-hash.js';

/** The topics of the cluster, as far as groups look at them. */
export interface TopicCatalog {
  /** Moves when a topic is created, deleted or grows. */
  version(): number;
  byName(name: string): HashedTopic | undefined;
  byId(id: string): HashedTopic | undefined;
  /** Names of all topics. */
  names(): Iterable<string>;
}

/** The partitions as they are shown: topics that are gone have no name to be shown by. */
export function namedPartitions(
  assignment: Assignment,
  catalog: TopicCatalog,
): DescribedTopicPartitions[] {
  return Array.from(assignment).flatMap(([topicId, partitions]) => {
    const topicName = catalog.byId(topicId)?.name;
    return topicName === undefined ? [] : [{ topicId, topicName, partitions }];
  });
}

/** Hashes of topics that were computed; beyond these the oldest go. */
const hashesMax = 10_000;

/** Remembers the hash of each topic until the topic changes. */
export class TopicHashes {
  readonly #catalog: TopicCatalog;
  readonly #hashes = new Map<string, { id: string; partitionCount: number; hash: bigint }>();

  constructor(catalog: TopicCatalog) {
    this.#catalog = catalog;
  }

  /** The hash of a group that reads these topics; those that do not exist do not count. */
  of(names: Iterable<string>): bigint {
    const hashes: [string, bigint][] = [];
    for (const name of names) {
      const topic = this.#catalog.byName(name);
      if (topic !== undefined) hashes.push([name, this.#hashOf(topic)]);
    }
    return metadataHashOf(hashes);
  }

  #hashOf(topic: HashedTopic): bigint {
    const { name, id, partitionCount } = topic;
    const known = this.#hashes.get(name);
    if (known?.id === id && known.partitionCount === partitionCount) return known.hash;
    const hash = topicHashOf(topic);
    this.#hashes.delete(name);
    this.#hashes.set(name, { id, partitionCount, hash });
    for (const oldest of this.#hashes.keys()) {
      if (this.#hashes.size <= hashesMax) break;
      this.#hashes.delete(oldest);
    }
    return hash;
  }
}
