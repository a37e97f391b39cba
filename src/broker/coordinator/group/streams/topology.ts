/** A key and its value, as topic configs and client tags are named. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** A topic that the application wants to have; created by the coordinator. */
export interface InternalTopic {
  readonly name: string;
  /** 0: as many as its source topics have. */
  readonly partitions: number;
  /** 0: the broker's default. */
  readonly replicationFactor: number;
  readonly topicConfigs: readonly KeyValue[];
}

/** Topics of a subtopology that must have equally many partitions, by their place in its lists. */
export interface CopartitionGroup {
  readonly sourceTopics: readonly number[];
  readonly sourceTopicRegex: readonly number[];
  readonly repartitionSourceTopics: readonly number[];
}

/** A part of an application that is connected by nothing but topics; a task runs one partition. */
export interface Subtopology {
  readonly subtopologyId: string;
  readonly sourceTopics: readonly string[];
  readonly sourceTopicRegex: readonly string[];
  readonly stateChangelogTopics: readonly InternalTopic[];
  readonly repartitionSinkTopics: readonly string[];
  readonly repartitionSourceTopics: readonly InternalTopic[];
  readonly copartitionGroups: readonly CopartitionGroup[];
}

/** What an application reads, keeps and writes (Kafka's `StreamsTopology`). */
export interface Topology {
  readonly epoch: number;
  readonly subtopologies: readonly Subtopology[];
}

/** The same without anything else that a message may carry, with its own arrays. */
export function topologyOf({ epoch, subtopologies }: Topology): Topology {
  return {
    epoch,
    subtopologies: subtopologies.map((one) => ({
      subtopologyId: one.subtopologyId,
      sourceTopics: [...one.sourceTopics],
      sourceTopicRegex: [...one.sourceTopicRegex],
      stateChangelogTopics: one.stateChangelogTopics.map(internalTopicOf),
      repartitionSinkTopics: [...one.repartitionSinkTopics],
      repartitionSourceTopics: one.repartitionSourceTopics.map(internalTopicOf),
      copartitionGroups: one.copartitionGroups.map((group) => ({
        sourceTopics: [...group.sourceTopics],
        sourceTopicRegex: [...group.sourceTopicRegex],
        repartitionSourceTopics: [...group.repartitionSourceTopics],
      })),
    })),
  };
}

function internalTopicOf(topic: InternalTopic): InternalTopic {
  const { name, partitions, replicationFactor, topicConfigs } = topic;
  const configs = topicConfigs.map(({ key, value }) => ({ key, value }));
  return { name, partitions, replicationFactor, topicConfigs: configs };
}

/** Whether two members run the same application; the order of subtopologies does not matter. */
export function isSameTopology(one: Topology, other: Topology): boolean {
  return one.epoch === other.epoch && textOf(one) === textOf(other);
}

function textOf(topology: Topology): string {
  const { subtopologies } = topologyOf(topology);
  const sorted = [...subtopologies].sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1));
  return JSON.stringify(sorted);
}

/** Every topic that the application needs, each once. */
export function requiredTopics({ subtopologies }: Topology): Set<string> {
  const names = new Set<string>();
  for (const subtopology of subtopologies) {
    for (const name of inputTopics(subtopology)) names.add(name);
    for (const { name } of subtopology.stateChangelogTopics) names.add(name);
  }
  return names;
}

/** The topics whose partitions are read by the subtopology's tasks. */
export function inputTopics(subtopology: Subtopology): string[] {
  return [
    ...subtopology.sourceTopics,
    ...subtopology.repartitionSourceTopics.map(({ name }) => name),
  ];
}

/** Which subtopology reads a topic. */
export function readerOf({ subtopologies }: Topology, topic: string): Subtopology | undefined {
  return subtopologies.find((subtopology) => inputTopics(subtopology).includes(topic));
}
