import { zeroUuid } from '../../bytes/index.js';
import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster, PartitionMetadata } from '../cluster/index.js';
import { type CallOptions, outcomeOf, retrying, throwWhenAny, valuesOf } from './routing.js';

/** A topic to be created. */
export interface NewTopic {
  readonly name: string;
  /** Default: the broker's `num.partitions`. */
  readonly partitions?: number | undefined;
  /** Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number | undefined;
  /** Broker ids for each partition, instead of the two numbers above. */
  readonly replicaAssignment?: readonly (readonly number[])[] | undefined;
  /** Topic configs by Kafka's names, such as `{ 'retention.ms': '-1' }`. */
  readonly configs?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

export interface CreatedTopic {
  readonly name: string;
  readonly id: string;
  /** -1 where the broker does not say. */
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface PartitionDescription extends PartitionMetadata {
  /** Replicas that may lead although out of sync (KIP-966); null where the broker does not say. */
  readonly eligibleLeaderReplicas: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

export interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionDescription[];
}

export interface TopicListing {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  /** How many partitions it has. */
  readonly partitions: number;
}

export interface NewPartitions {
  readonly topic: string;
  /** How many partitions there shall be in all. */
  readonly count: number;
  /** Broker ids for each new partition. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
}

export interface ValidateOptions extends CallOptions {
  /** Only say whether it would work. Default false. */
  readonly validateOnly?: boolean | undefined;
}

const partitionsAtOnce = 2000;

export async function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  options: ValidateOptions,
): Promise<CreatedTopic[]> {
  if (topics.length === 0) return [];
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const request = {
    topics: topics.map((topic) => ({
      name: topic.name,
      numPartitions: topic.replicaAssignment === undefined ? (topic.partitions ?? -1) : -1,
      replicationFactor:
        topic.replicaAssignment === undefined ? (topic.replicationFactor ?? -1) : -1,
      assignments: (topic.replicaAssignment ?? []).map((brokers, partitionIndex) => ({
        partitionIndex,
        brokerIds: [...brokers],
      })),
      configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({
        name,
        value: value === null ? null : String(value),
      })),
    })),
    timeoutMs,
    validateOnly: options.validateOnly ?? false,
  };
  const response = await retrying(cluster, options, async () => {
    const answer = await cluster.send('CreateTopics', request, 'controller', sending(options));
    throwWhenAny(answer.topics, ['NOT_CONTROLLER']);
    return answer;
  });
  const created = valuesOf(
    'createTopics',
    response.topics.map((topic) =>
      outcomeOf(topic.errorCode, topic.errorMessage, { topic: topic.name }, () => ({
        name: topic.name,
        id: topic.topicId,
        partitions: topic.numPartitions,
        replicationFactor: topic.replicationFactor,
      })),
    ),
  );
  if (!options.validateOnly) await settle(cluster, created, options);
  return created;
}

/**
 * Waits until the brokers' metadata shows the new topics with leaders: the answer to CreateTopics
 * comes earlier. Best effort: the topics exist in any case.
 */
async function settle(
  cluster: Cluster,
  topics: readonly CreatedTopic[],
  options: CallOptions,
): Promise<void> {
  const names = topics.map(({ name }) => name);
  try {
    await retrying(cluster, { timeoutMs: 5000, signal: options.signal }, async () => {
      const metadata = await cluster.refresh(names, { signal: options.signal });
      for (const name of names) {
        const topic = metadata.topics.get(name);
        const isReady = topic?.error === 'NONE' && topic.partitions.every((p) => p.leader >= 0);
        if (!isReady) throw new KafkaError('LEADER_NOT_AVAILABLE', undefined, { topic: name });
      }
    });
  } catch (error) {
    if (!isKafkaError(error) || !error.retriable) throw error;
    cluster.logger.debug('new topics have no leaders yet', { error });
  }
}

export async function deleteTopics(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<void> {
  if (names.length === 0) return;
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const response = await retrying(cluster, options, async () => {
    const answer = await cluster.send(
      'DeleteTopics',
      (version) =>
        version >= 6
          ? { topics: names.map((name) => ({ name, topicId: zeroUuid })), timeoutMs }
          : { topics: [], topicNames: [...names], timeoutMs },
      'controller',
      sending(options),
    );
    throwWhenAny(answer.responses, ['NOT_CONTROLLER']);
    return answer;
  });
  valuesOf(
    'deleteTopics',
    response.responses.map(({ name, errorCode, errorMessage }) =>
      outcomeOf(errorCode, errorMessage, { topic: name ?? '' }, () => name),
    ),
  );
}

export async function createPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  options: ValidateOptions,
): Promise<void> {
  if (topics.length === 0) return;
  const request = {
    topics: topics.map(({ topic, count, assignments }) => ({
      name: topic,
      count,
      assignments: assignments?.map((brokers) => ({ brokerIds: [...brokers] })) ?? null,
    })),
    timeoutMs: options.timeoutMs ?? cluster.options.requestTimeoutMs,
    validateOnly: options.validateOnly ?? false,
  };
  const response = await retrying(cluster, options, async () => {
    const answer = await cluster.send('CreatePartitions', request, 'controller', sending(options));
    throwWhenAny(answer.results, ['NOT_CONTROLLER']);
    return answer;
  });
  valuesOf(
    'createPartitions',
    response.results.map(({ name, errorCode, errorMessage }) =>
      outcomeOf(errorCode, errorMessage, { topic: name }, () => name),
    ),
  );
  if (!options.validateOnly) cluster.refreshSoon('partitions were added');
}

export async function listTopics(
  cluster: Cluster,
  options: CallOptions & { readonly internal?: boolean | undefined },
): Promise<TopicListing[]> {
  const response = await askMetadata(cluster, null, options);
  return response.topics
    .filter(({ isInternal }) => options.internal || !isInternal)
    .map(({ name, topicId, isInternal, partitions }) => ({
      name: name ?? '',
      id: topicId,
      internal: isInternal,
      partitions: partitions.length,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function askMetadata(
  cluster: Cluster,
  names: readonly string[] | null,
  options: CallOptions,
): Promise<ResponseDecoded<'Metadata'>> {
  return await cluster.send(
    'Metadata',
    (version) => ({
      topics: names === null ? null : names.map((name) => ({ name })),
      ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
    }),
    'any',
    sending(options),
  );
}

export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<TopicDescription[]> {
  if (names.length === 0) return [];
  const found = await retrying(cluster, options, async () => {
    try {
      return await describePaged(cluster, names, options);
    } catch (error) {
      if (!isKafkaError(error, 'UNSUPPORTED_VERSION')) throw error;
      return await describeByMetadata(cluster, names, options);
    }
  });
  return valuesOf(
    'describeTopics',
    names.map((name) => {
      const topic = found.get(name);
      const errorCode = topic?.errorCode ?? 3;
      return outcomeOf(errorCode, undefined, { topic: name }, () => (topic as Described).topic);
    }),
  );
}

interface Described {
  readonly errorCode: number;
  readonly topic: TopicDescription & { readonly partitions: PartitionDescription[] };
}

/** DescribeTopicPartitions, page by page (KIP-966): no answer grows beyond all bounds. */
async function describePaged(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<Map<string, Described>> {
  const found = new Map<string, Described>();
  const topics = [...new Set(names)].sort().map((name) => ({ name }));
  let cursor: { topicName: string; partitionIndex: number } | null = null;
  do {
    const request = { topics, responsePartitionLimit: partitionsAtOnce, cursor };
    const answer: ResponseDecoded<'DescribeTopicPartitions'> = await cluster.send(
      'DescribeTopicPartitions',
      request,
      'any',
      sending(options),
    );
    for (const topic of answer.topics) {
      const name = topic.name ?? '';
      const partitions = topic.partitions.map(descriptionOf);
      const known = found.get(name);
      if (known !== undefined) known.topic.partitions.push(...partitions);
      else {
        const { topicId: id, isInternal: internal, errorCode } = topic;
        found.set(name, { errorCode, topic: { name, id, internal, partitions } });
      }
    }
    cursor = answer.nextCursor;
  } while (cursor !== null);
  return found;
}

type PartitionAnswer =
  ResponseDecoded<'DescribeTopicPartitions'>['topics'][number]['partitions'][number];

function descriptionOf(partition: Omit<PartitionAnswer, 'errorCode'>): PartitionDescription {
  return {
    partition: partition.partitionIndex,
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
    eligibleLeaderReplicas: partition.eligibleLeaderReplicas,
    lastKnownElr: partition.lastKnownElr,
  };
}

async function describeByMetadata(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<Map<string, Described>> {
  const found = new Map<string, Described>();
  const answer = await askMetadata(cluster, names, options);
  for (const { errorCode, name, topicId: id, isInternal: internal, partitions } of answer.topics) {
    if (name === null) continue;
    const described = partitions
      .map((one) => descriptionOf({ ...one, eligibleLeaderReplicas: null, lastKnownElr: null }))
      .sort((a, b) => a.partition - b.partition);
    found.set(name, { errorCode, topic: { name, id, internal, partitions: described } });
  }
  return found;
}

function sending({ timeoutMs, signal }: CallOptions): CallOptions {
  return { timeoutMs, signal };
}
