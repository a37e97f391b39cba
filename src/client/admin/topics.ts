import { zeroUuid } from '../../bytes/index.js';
import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import {
  askItems,
  type CallOptions,
  type Outcome,
  outcomeOf,
  retrying,
  throwWhenAny,
} from './routing.js';

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

/** A topic by its name, or by its id: then it is never another that has come to bear the name. */
export type TopicReference = string | { readonly id: string };

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

export async function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  options: ValidateOptions,
): Promise<CreatedTopic[]> {
  if (topics.length === 0) return [];
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const validateOnly = options.validateOnly ?? false;
  const created = await askTopics(cluster, topics, options, 'createTopics', async (list) => {
    const request = { topics: list.map(creation), timeoutMs, validateOnly };
    const answer = await cluster.send('CreateTopics', request, 'controller', sending(options));
    throwWhenAny(answer.topics, ['NOT_CONTROLLER']);
    const answers = new Map(answer.topics.map((one) => [one.name, one]));
    return list.map(({ name }) => {
      const one = answers.get(name);
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, { topic: name }, () => ({
        name,
        id: one?.topicId ?? zeroUuid,
        partitions: one?.numPartitions ?? -1,
        replicationFactor: one?.replicationFactor ?? -1,
      }));
    });
  });
  if (!options.validateOnly) await settle(cluster, created, options);
  return created;
}

function creation({ name, partitions, replicationFactor, replicaAssignment, configs }: NewTopic) {
  const isAssigned = replicaAssignment !== undefined;
  return {
    name,
    // The brokers' own numbers where none is said (KIP-464).
    numPartitions: isAssigned ? -1 : (partitions ?? -1),
    replicationFactor: isAssigned ? -1 : (replicationFactor ?? -1),
    assignments: (replicaAssignment ?? []).map((brokers, partitionIndex) => ({
      partitionIndex,
      brokerIds: [...brokers],
    })),
    configs: Object.entries(configs ?? {}).map(([key, value]) => ({
      name: key,
      value: value === null ? null : String(value),
    })),
  };
}

/** Asks the controller, and again about topics that are put off by a quota (KIP-599). */
async function askTopics<I, T>(
  cluster: Cluster,
  topics: readonly I[],
  options: CallOptions,
  what: string,
  ask: (topics: readonly I[]) => Promise<readonly Outcome<T>[]>,
): Promise<T[]> {
  const isPutOff = ({ code }: KafkaError) => code === 'THROTTLING_QUOTA_EXCEEDED';
  return await askItems(cluster, topics, options, what, ask, isPutOff);
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
  topics: readonly TopicReference[],
  options: CallOptions,
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const hasIds = topics.some((topic) => typeof topic !== 'string');
  await askTopics(cluster, topics, options, 'deleteTopics', async (list) => {
    const names = list.filter((topic) => typeof topic === 'string');
    const answer = await cluster.send(
      'DeleteTopics',
      (version) =>
        version >= 6
          ? { topics: list.map(referenceOf), timeoutMs }
          : { topics: [], topicNames: names, timeoutMs },
      'controller',
      { ...sending(options), ...(hasIds ? { versionMin: 6 } : {}) },
    );
    const answers = answer.responses;
    throwWhenAny(answers, ['NOT_CONTROLLER']);
    return list.map((topic) => {
      const isName = typeof topic === 'string';
      const one = answers.find((each) =>
        isName ? each.name === topic : each.topicId === topic.id,
      );
      const key = isName ? { topic } : { topicId: topic.id };
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, key, () => undefined);
    });
  });
}

function referenceOf(topic: TopicReference): { name: string | null; topicId: string } {
  if (typeof topic === 'string') return { name: topic, topicId: zeroUuid };
  return { name: null, topicId: topic.id };
}

export async function createPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  options: ValidateOptions,
): Promise<void> {
  if (topics.length === 0) return;
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const validateOnly = options.validateOnly ?? false;
  await askTopics(cluster, topics, options, 'createPartitions', async (list) => {
    const wanted = list.map(({ topic: name, count, assignments }) => ({
      name,
      count,
      assignments: assignments?.map((brokers) => ({ brokerIds: [...brokers] })) ?? null,
    }));
    const request = { topics: wanted, timeoutMs, validateOnly };
    const answer = await cluster.send('CreatePartitions', request, 'controller', sending(options));
    throwWhenAny(answer.results, ['NOT_CONTROLLER']);
    const answers = new Map(answer.results.map((one) => [one.name, one]));
    return list.map(({ topic }) => {
      const one = answers.get(topic);
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, { topic }, () => topic);
    });
  });
  if (!options.validateOnly) cluster.refreshSoon('partitions were added');
}

function sending({ timeoutMs, signal }: CallOptions): CallOptions {
  return { timeoutMs, signal };
}
