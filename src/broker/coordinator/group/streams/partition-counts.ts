import { KafkaError } from '../../../../errors/index.js';
import { TopicProblem } from './topic-problem.js';
import { type Subtopology, inputTopics, type Topology } from './topology.js';

/** How many partitions a topic has, or is to have; undefined where that is not known. */
type CountOf = (topic: string) => number | undefined;

/**
 * How many partitions each internal topic shall have (Kafka's `RepartitionTopics`,
 * `CopartitionedTopicsEnforcer` and `ChangelogTopics`): a repartition topic as many as the greatest
 * topic that feeds it, unless the application says so itself; topics that are joined equally many;
 * a changelog as many as its subtopology has tasks. `existing` knows the topics that are there.
 * Fails with a `TopicProblem` where topics do not fit together, and with STREAMS_INVALID_TOPOLOGY
 * where no number can be found.
 */
export function decidePartitionCounts(
  topology: Topology,
  existing: CountOf,
): ReadonlyMap<string, number> {
  const decided = new Map<string, number>();
  const countOf: CountOf = (topic) => existing(topic) ?? decided.get(topic);
  const repartition = repartitionCounts(topology, countOf);
  for (const [topic, count] of repartition) decided.set(topic, count);
  for (const subtopology of topology.subtopologies) {
    for (const topics of copartitionGroups(subtopology)) {
      copartition(topics, topology, countOf, decided);
    }
  }
  for (const subtopology of topology.subtopologies) {
    const count = greatest(inputTopics(subtopology).map((topic) => expected(countOf, topic)));
    if (count === undefined) {
      const { subtopologyId } = subtopology;
      throw invalid(`No source topics found for subtopology ${subtopologyId}`);
    }
    for (const { name } of subtopology.stateChangelogTopics) decided.set(name, count);
  }
  return decided;
}

/** Numbers travel from sources to sinks until every repartition topic has one. */
function repartitionCounts(topology: Topology, countOf: CountOf): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { repartitionSourceTopics } of topology.subtopologies) {
    for (const { name, partitions } of repartitionSourceTopics) {
      if (partitions !== 0) counts.set(name, partitions);
    }
  }
  for (let isMissing = true; isMissing; ) {
    isMissing = false;
    let hasProgressed = false;
    for (const subtopology of topology.subtopologies) {
      for (const sink of subtopology.repartitionSinkTopics) {
        if (counts.has(sink)) continue;
        const count = greatest([
          ...subtopology.repartitionSourceTopics.map(({ name }) => counts.get(name)),
          ...subtopology.sourceTopics.map(countOf),
        ]);
        if (count === undefined) isMissing = true;
        else {
          counts.set(sink, count);
          hasProgressed = true;
        }
      }
    }
    if (isMissing && !hasProgressed) {
      throw invalid(
        'Failed to compute number of partitions for all repartition topics. There may be loops ' +
          'in the topology that cannot be resolved.',
      );
    }
  }
  const sources = topology.subtopologies.flatMap((one) => one.repartitionSourceTopics);
  if (sources.every(({ name }) => counts.has(name))) return counts;
  throw invalid(
    'Failed to compute number of partitions for all repartition topics, because a repartition ' +
      'source topic is never used as a sink topic.',
  );
}

function copartitionGroups(subtopology: Subtopology): Set<string>[] {
  const { sourceTopics, repartitionSourceTopics } = subtopology;
  return subtopology.copartitionGroups.map((group) => {
    const names = [
      ...group.sourceTopics.map((at) => sourceTopics[at]),
      ...group.repartitionSourceTopics.map((at) => repartitionSourceTopics[at]?.name),
    ];
    const known = names.filter((name) => name !== undefined);
    if (known.length === names.length) return new Set(known);
    throw invalid(
      `A copartition group of subtopology ${subtopology.subtopologyId} names a topic that it ` +
        'does not have.',
    );
  });
}

/** Gives the repartition topics among joined ones the number that all of them must have. */
function copartition(
  topics: ReadonlySet<string>,
  topology: Topology,
  countOf: CountOf,
  decided: Map<string, number>,
): void {
  if (topics.size === 0) return;
  const internal = topology.subtopologies.flatMap((one) => one.repartitionSourceTopics);
  const fixed = new Set(internal.filter((one) => one.partitions !== 0).map(({ name }) => name));
  const all = new Set(internal.map(({ name }) => name));
  const repartition = countsOf(
    [...topics].filter((name) => all.has(name)),
    countOf,
  );
  const external = countsOf(
    [...topics].filter((name) => !all.has(name)),
    countOf,
  );
  let count: number;
  if (external.size > 0) count = same(external);
  else if (fixed.size > 0) count = same(countsOf([...fixed], countOf), repartition);
  else count = Math.max(...repartition.values());
  for (const [name, own] of repartition) {
    decided.set(name, count);
    if (!fixed.has(name) || own === count) continue;
    throw new TopicProblem(
      'INCORRECTLY_PARTITIONED_TOPICS',
      `Number of partitions [${own}] of repartition topic [${name}] doesn't match number of ` +
        `partitions [${count}] of the source topic.`,
    );
  }
}

function countsOf(topics: readonly string[], countOf: CountOf): Map<string, number> {
  return new Map(topics.map((topic) => [topic, expected(countOf, topic)]));
}

/** The number that all have; else the topics in `shown` are named. */
function same(counts: ReadonlyMap<string, number>, shown = counts): number {
  const [first = 0, ...others] = counts.values();
  if (others.every((count) => count === first)) return first;
  const sorted = [...shown].sort(([a], [b]) => (a < b ? -1 : 1));
  const list = sorted.map(([name, count]) => `${name}=${count}`).join(', ');
  throw new TopicProblem(
    'INCORRECTLY_PARTITIONED_TOPICS',
    `Following topics do not have the same number of partitions: [{${list}}]`,
  );
}

function expected(countOf: CountOf, topic: string): number {
  const count = countOf(topic);
  if (count !== undefined) return count;
  throw invalid(`Number of partitions is not set for topic: ${topic}`);
}

function greatest(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function invalid(text: string): KafkaError {
  return new KafkaError('STREAMS_INVALID_TOPOLOGY', text);
}
