import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster, PartitionMetadata } from '../cluster/index.js';
import { type AclOperation, allowedOperations } from './acl-words.js';
import { type CallOptions, type Outcome, outcomeOf, retrying, valuesOf } from './routing.js';
import type { TopicReference } from './topics.js';

export interface PartitionDescription extends PartitionMetadata {
  /** Replicas that may lead although out of sync (KIP-966); null where the broker does not say. */
  readonly eligibleLeaderReplicas: readonly number[] | null;
  readonly lastKnownElr: readonly number[] | null;
}

export interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  /** What the asking principal may do with it (KIP-430); null unless asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null;
  readonly partitions: readonly PartitionDescription[];
}

export interface TopicListing {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  /** How many partitions it has. */
  readonly partitions: number;
}

export interface DescribeTopicsOptions extends CallOptions {
  /** Ask what the asking principal may do with each topic. Default false. */
  readonly authorizedOperations?: boolean | undefined;
  /** Partitions in one answer of the broker at most (KIP-966); default 2000. */
  readonly partitionSizeLimitPerResponse?: number | undefined;
}

const unknownTopic = 3;
const unknownTopicId = 100;
/** What a broker says of operations when it was not asked for them. */
const unasked = -2147483648;

/** One answer holds so many partitions, unless said otherwise; then comes the next page. */
const partitionsAtOnce = 2000;

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
  options: DescribeTopicsOptions,
): Promise<ResponseDecoded<'Metadata'>> {
  const includesOperations = options.authorizedOperations === true;
  return await cluster.send(
    'Metadata',
    (version) => ({
      topics: names === null ? null : names.map((name) => ({ name })),
      ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
      ...(includesOperations ? { includeTopicAuthorizedOperations: true } : {}),
    }),
    'any',
    { ...sending(options), ...(includesOperations ? { versionMin: 8 } : {}) },
  );
}

export async function describeTopics(
  cluster: Cluster,
  topics: readonly TopicReference[],
  options: DescribeTopicsOptions,
): Promise<TopicDescription[]> {
  if (topics.length === 0) return [];
  const names = await namesOf(cluster, topics, options);
  const found = await retrying(cluster, options, async () => {
    const known = names.flatMap((name) => (typeof name === 'string' ? [name] : []));
    if (known.length === 0) return new Map<string, Described>();
    try {
      return await describePaged(cluster, known, options);
    } catch (error) {
      if (!isKafkaError(error, 'UNSUPPORTED_VERSION')) throw error;
      return await describeByMetadata(cluster, known, options);
    }
  });
  return valuesOf(
    'describeTopics',
    names.map((name): Outcome<TopicDescription> => {
      if (typeof name !== 'string') return name;
      const described = found.get(name);
      const errorCode = described?.errorCode ?? unknownTopic;
      return outcomeOf(errorCode, undefined, { topic: name }, () => (described as Described).topic);
    }),
  );
}

/** The names of topics given by id; an id that nobody knows is told as such. */
async function namesOf(
  cluster: Cluster,
  topics: readonly TopicReference[],
  options: CallOptions,
): Promise<(string | Outcome<never>)[]> {
  const ids = topics.flatMap((topic) => (typeof topic === 'string' ? [] : [topic.id]));
  if (ids.length === 0) return topics as string[];
  const { topics: answers } = await cluster.send(
    'Metadata',
    { topics: ids.map((topicId) => ({ topicId, name: null })), allowAutoTopicCreation: false },
    'any',
    { ...sending(options), versionMin: 12 },
  );
  const found = new Map(answers.map((one) => [one.topicId, one]));
  return topics.map((topic) => {
    if (typeof topic === 'string') return topic;
    const answer = found.get(topic.id);
    if (answer?.errorCode === 0 && answer.name !== null) return answer.name;
    const code = answer === undefined || answer.errorCode === 0 ? unknownTopicId : answer.errorCode;
    const error = KafkaError.fromErrno(code, `There is no topic with the id ${topic.id}.`);
    return { key: { topicId: topic.id }, error };
  });
}

interface Described {
  readonly errorCode: number;
  readonly topic: TopicDescription & { readonly partitions: PartitionDescription[] };
}

/** DescribeTopicPartitions, page by page (KIP-966): no answer grows beyond all bounds. */
async function describePaged(
  cluster: Cluster,
  names: readonly string[],
  options: DescribeTopicsOptions,
): Promise<Map<string, Described>> {
  const found = new Map<string, Described>();
  const responsePartitionLimit = options.partitionSizeLimitPerResponse ?? partitionsAtOnce;
  const topics = [...new Set(names)].sort().map((name) => ({ name }));
  let cursor: { topicName: string; partitionIndex: number } | null = null;
  do {
    const request = { topics, responsePartitionLimit, cursor };
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
        const bits =
          options.authorizedOperations === true ? topic.topicAuthorizedOperations : unasked;
        const authorizedOperations = allowedOperations(bits);
        const described = { name, id, internal, authorizedOperations, partitions };
        found.set(name, { errorCode, topic: described });
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
  options: DescribeTopicsOptions,
): Promise<Map<string, Described>> {
  const found = new Map<string, Described>();
  const answer = await askMetadata(cluster, names, options);
  for (const { errorCode, name, topicId: id, isInternal: internal, ...topic } of answer.topics) {
    if (name === null) continue;
    const partitions = topic.partitions
      .map((one) => descriptionOf({ ...one, eligibleLeaderReplicas: null, lastKnownElr: null }))
      .sort((a, b) => a.partition - b.partition);
    const authorizedOperations = allowedOperations(topic.topicAuthorizedOperations);
    const described = { name, id, internal, authorizedOperations, partitions };
    found.set(name, { errorCode, topic: described });
  }
  return found;
}

function sending({ timeoutMs, signal }: CallOptions): CallOptions {
  return { timeoutMs, signal };
}
