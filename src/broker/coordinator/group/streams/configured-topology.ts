import { KafkaError } from '../../../../errors/index.js';
import type { TopicCatalog } from '../consumer/topic-catalog.js';
import { decidePartitionCounts } from './partition-counts.js';
import { type Status, statusOf, TopicProblem } from './topic-problem.js';
import { type InternalTopic, inputTopics, type Subtopology, type Topology } from './topology.js';

/** Names that are spelt out in a sentence before the rest is only counted. */
const namesShown = 3;

/** A subtopology on the topics there are: its internal topics have their numbers of partitions. */
export interface ConfiguredSubtopology extends Subtopology {
  readonly taskCount: number;
}

/** A topology as it can run, or why it cannot (Kafka's `ConfiguredTopology`). */
export interface ConfiguredTopology {
  readonly epoch: number;
  /** By id, in the order of the ids; undefined where source topics do not allow it. */
  readonly subtopologies: ReadonlyMap<string, ConfiguredSubtopology> | undefined;
  /** Internal topics to be created. */
  readonly missing: readonly InternalTopic[];
  /** Undefined when everything is there. */
  readonly problem: Status | undefined;
}

/**
 * Looks at the topics there are and decides which internal ones the topology needs (Kafka's
 * `InternalTopicManager`). Fails with STREAMS_INVALID_TOPOLOGY where no topics would help.
 */
export function configureTopology(topology: Topology, catalog: TopicCatalog): ConfiguredTopology {
  const { epoch } = topology;
  const existing = (topic: string) => catalog.byName(topic)?.partitionCount;
  try {
    expectSources(topology, existing);
    const decided = decidePartitionCounts(topology, existing);
    const sorted = [...topology.subtopologies].sort((a, b) =>
      a.subtopologyId < b.subtopologyId ? -1 : 1,
    );
    const subtopologies = new Map(
      sorted.map((one) => [one.subtopologyId, configured(one, existing, decided)]),
    );
    const missing = missingTopics([...subtopologies.values()], existing);
    const names = missing.map(({ name }) => name);
    const problem =
      missing.length === 0
        ? undefined
        : statusOf('MISSING_INTERNAL_TOPICS', `Internal topics are missing: ${summary(names)}`);
    return { epoch, subtopologies, missing, problem };
  } catch (error) {
    if (!(error instanceof TopicProblem)) throw error;
    return { epoch, subtopologies: undefined, missing: [], problem: error.status };
  }
}

type CountOf = (topic: string) => number | undefined;

function expectSources({ subtopologies }: Topology, existing: CountOf): void {
  const sources = new Set(subtopologies.flatMap(({ sourceTopics }) => sourceTopics));
  const missing = [...sources].filter((topic) => existing(topic) === undefined).sort();
  if (missing.length === 0) return;
  throw new TopicProblem('MISSING_SOURCE_TOPICS', `Source topics ${summary(missing)} are missing.`);
}

function configured(
  subtopology: Subtopology,
  existing: CountOf,
  decided: ReadonlyMap<string, number>,
): ConfiguredSubtopology {
  const counts = inputTopics(subtopology).map(
    (topic) => existing(topic) ?? decided.get(topic) ?? 0,
  );
  const sized = (topic: InternalTopic): InternalTopic => {
    const partitions = topic.partitions === 0 ? decided.get(topic.name) : topic.partitions;
    if (partitions !== undefined && partitions > 0) return { ...topic, partitions };
    throw new KafkaError(
      'STREAMS_INVALID_TOPOLOGY',
      `Internal topic ${topic.name} must have at least one partition.`,
    );
  };
  return {
    ...subtopology,
    taskCount: Math.max(...counts),
    stateChangelogTopics: subtopology.stateChangelogTopics.map(sized),
    repartitionSourceTopics: subtopology.repartitionSourceTopics.map(sized),
  };
}

/** Internal topics that are not there; those that are must be of the right size. */
function missingTopics(
  subtopologies: readonly ConfiguredSubtopology[],
  existing: CountOf,
): InternalTopic[] {
  const missing = new Map<string, InternalTopic>();
  for (const { repartitionSourceTopics, stateChangelogTopics } of subtopologies) {
    for (const topic of [...repartitionSourceTopics, ...stateChangelogTopics]) {
      missing.set(topic.name, topic);
    }
  }
  for (const { name, partitions } of [...missing.values()]) {
    const found = existing(name);
    if (found === undefined) continue;
    missing.delete(name);
    if (found === partitions) continue;
    throw new TopicProblem(
      'INCORRECTLY_PARTITIONED_TOPICS',
      `Existing topic ${name} has different number of partitions: expected ${partitions}, ` +
        `found ${found}`,
    );
  }
  return [...missing.values()];
}

function summary(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  const rest = names.length - namesShown;
  return rest > 0 ? `${shown} and ${rest} additional topics` : shown;
}
