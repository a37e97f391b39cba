import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf, errorFacts, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ApiName, RequestInput, ResponseDecoded } from '../../protocol/index.js';
import type { Cluster, SendOptions } from '../cluster/index.js';
import { markerBackoff } from './marker-wait.js';
import type { ProducerIdentity } from './partition-queue.js';
import type { TransactionOffsets } from './transaction-offsets.js';

/** The level of `transaction.version` from which partitions need no adding (KIP-890). */
const implicitLevel = 2;

export interface TransactionRequestsOptions {
  readonly cluster: Cluster;
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** How long each step keeps trying. */
  readonly maxBlockMs: number;
  readonly lane: string;
  readonly signal: AbortSignal;
}

/** A topic and its partitions. */
interface TopicPartitions {
  readonly name: string;
  readonly partitions: number[];
}

/**
 * What a transactional producer says to coordinators: one method for each request, each tried
 * again over moved coordinators, broken connections and steps still under way. What cannot be
 * tried again is thrown.
 */
export class TransactionRequests {
  readonly #options: TransactionRequestsOptions;

  constructor(options: TransactionRequestsOptions) {
    this.#options = options;
  }

  /**
   * Gets producer id and epoch; fences older producers with the same transactional id and ends
   * what they left open. With the identity held so far, only that one's successor (KIP-360).
   */
  async init(previous: ProducerIdentity | undefined): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    return await this.#retrying('transaction', transactionalId, async (broker) => {
      const response = await this.#send('InitProducerId', broker, (version) => ({
        transactionalId,
        transactionTimeoutMs,
        ...(previous !== undefined && version >= 3 ? previous : {}),
      }));
      this.#check('InitProducerId', broker, response.errorCode);
      const { producerId, producerEpoch } = response;
      return { producerId, producerEpoch };
    });
  }

  /** Whether the coordinator's cluster has switched on transaction version 2 (KIP-890). */
  async isImplicit(): Promise<boolean> {
    const { cluster, transactionalId, lane, signal } = this.#options;
    return await this.#retrying('transaction', transactionalId, async (broker) => {
      const connection = await cluster.connection(broker, lane, signal);
      const level = connection.ranges.finalizedFeatures.get('transaction.version') ?? 0;
      return level >= implicitLevel;
    });
  }

  /** Takes partitions into the transaction (version 1 of transactions only). */
  async addPartitions(
    identity: ProducerIdentity,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<void> {
    const { transactionalId } = this.#options;
    const topics = byTopic(partitions);
    await this.#retrying('transaction', transactionalId, async (broker) => {
      const request = {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: identity.producerId,
        v3AndBelowProducerEpoch: identity.producerEpoch,
        v3AndBelowTopics: topics,
      };
      const response = await this.#send('AddPartitionsToTxn', broker, request, { versionMax: 3 });
      let first: KafkaError | undefined;
      for (const { name: topic, resultsByPartition } of response.resultsByTopicV3AndBelow) {
        for (const { partitionIndex: partition, partitionErrorCode } of resultsByPartition) {
          const error = this.#error('AddPartitionsToTxn', broker, partitionErrorCode, {
            topic,
            partition,
          });
          // What was not tried because of another says nothing itself.
          if (error?.code === 'OPERATION_NOT_ATTEMPTED') continue;
          if (error !== undefined && (first === undefined || first.retriable)) first = error;
        }
      }
      if (first !== undefined) throw first;
    });
  }

  /** Takes a group's offsets into the transaction (version 1 of transactions only). */
  async addOffsets(identity: ProducerIdentity, groupId: string): Promise<void> {
    const { transactionalId } = this.#options;
    await this.#retrying('transaction', transactionalId, async (broker) => {
      const request = { transactionalId, ...identity, groupId };
      const response = await this.#send('AddOffsetsToTxn', broker, request);
      this.#check('AddOffsetsToTxn', broker, response.errorCode);
    });
  }

  /** Gives the group's coordinator the offsets that hold once the transaction is committed. */
  async commitOffsets(
    identity: ProducerIdentity,
    { groupId, offsets, metadata }: TransactionOffsets,
    isImplicit: boolean,
  ): Promise<void> {
    const { transactionalId, cluster } = this.#options;
    const topics = offsetTopics(offsets, (name) => cluster.topic(name)?.id ?? zeroUuid);
    const hasIds = topics.every(({ topicId }) => topicId !== zeroUuid);
    const versionMax = isImplicit ? (hasIds ? undefined : 5) : 4;
    const versionMin = isImplicit ? 5 : undefined;
    const member = metadata && {
      memberId: metadata.memberId,
      groupInstanceId: metadata.groupInstanceId,
      generationIdOrMemberEpoch: metadata.generationId,
    };
    await this.#retrying('group', groupId, async (broker) => {
      const response = await this.#send(
        'TxnOffsetCommit',
        broker,
        (version) => ({
          transactionalId,
          groupId,
          ...identity,
          ...(version >= 3 && member !== undefined ? member : {}),
          topics,
        }),
        { versionMax, versionMin },
      );
      let first: KafkaError | undefined;
      for (const { name, topicId, partitions } of response.topics) {
        const topic = name === '' ? cluster.topicName(topicId) : name;
        for (const { partitionIndex: partition, errorCode } of partitions) {
          const context = { topic, partition, group: groupId };
          const error = this.#error('TxnOffsetCommit', broker, errorCode, context);
          if (error !== undefined && (first === undefined || first.retriable)) first = error;
        }
      }
      if (first !== undefined) throw first;
    });
  }

  /** Ends the transaction; gives the identity for the next one. */
  async end(
    identity: ProducerIdentity,
    committed: boolean,
    isImplicit: boolean,
  ): Promise<ProducerIdentity> {
    const { transactionalId } = this.#options;
    const bounds = isImplicit ? { versionMin: 5 } : { versionMax: 4 };
    return await this.#retrying('transaction', transactionalId, async (broker) => {
      const request = { transactionalId, ...identity, committed };
      const response = await this.#send('EndTxn', broker, request, bounds);
      this.#check('EndTxn', broker, response.errorCode);
      const { producerId, producerEpoch } = response;
      return producerId < 0 ? identity : { producerId, producerEpoch };
    });
  }

  /** Resolves after `ms`, unless the producer is closed before. */
  async pause(ms: number): Promise<void> {
    const { cluster, signal } = this.#options;
    await cluster.delay(ms, signal);
  }

  #send<A extends ApiName>(
    api: A,
    broker: number,
    request: RequestInput<A> | ((version: number) => RequestInput<A>),
    bounds: SendOptions = {},
  ): Promise<ResponseDecoded<A>> {
    const { cluster, lane, signal } = this.#options;
    return cluster.send(api, request, { broker }, { lane, signal, ...bounds });
  }

  #check(api: ApiName, broker: number, errorCode: number): void {
    const error = this.#error(api, broker, errorCode);
    if (error !== undefined) throw error;
  }

  #error(
    api: ApiName,
    broker: number,
    errorCode: number,
    context: { topic?: string | undefined; partition?: number; group?: string } = {},
  ): KafkaError | undefined {
    const code = errorCodeOf(errorCode);
    if (code === 'NONE') return undefined;
    const { cluster, transactionalId } = this.#options;
    const where = { ...context, api, broker: cluster.brokerLabel(broker) };
    // A coordinator's word on epochs is the last (the partitions say the same in older words).
    if (code !== 'INVALID_PRODUCER_EPOCH' && code !== 'PRODUCER_FENCED') {
      return new KafkaError(code, undefined, where);
    }
    return new KafkaError('PRODUCER_FENCED', undefined, {
      ...where,
      hint:
        `Another producer has begun with the transactional id ${transactionalId}, or a ` +
        'transaction took longer than transactionTimeoutMs. Make a new producer.',
    });
  }

  async #retrying<T>(
    type: 'group' | 'transaction',
    key: string,
    call: (broker: number) => Promise<T>,
  ): Promise<T> {
    const { cluster, maxBlockMs, signal } = this.#options;
    const { clock } = cluster.system;
    const deadline = clock.monotonic() + maxBlockMs;
    for (let attempt = 0; ; attempt++) {
      try {
        const timeoutMs = Math.max(1, deadline - clock.monotonic());
        return await call(await cluster.coordinator(type, key, { signal, timeoutMs }));
      } catch (error) {
        if (!isKafkaError(error) || !mayRetry(error)) throw error;
        if (movesCoordinator(error)) cluster.forgetCoordinator(type, key);
        const isConcurrent = error.code === 'CONCURRENT_TRANSACTIONS';
        const pause = isConcurrent
          ? markerBackoff(attempt, cluster.options.retryBackoffMs)
          : cluster.retryBackoff(attempt);
        if (clock.monotonic() + pause >= deadline) throw tooLate(error, maxBlockMs);
        await cluster.delay(pause, signal);
      }
    }
  }
}

function mayRetry(error: KafkaError): boolean {
  return error.retriable || errorFacts(error.code).retriable || movesCoordinator(error);
}

function movesCoordinator({ code }: KafkaError): boolean {
  switch (code) {
    case 'NOT_COORDINATOR':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'BROKER_NOT_AVAILABLE':
      return true;
    default:
      // A connection that broke or a broker that does not answer.
      return errorFacts(code).errno === null && errorFacts(code).refreshMetadata;
  }
}

function tooLate(error: KafkaError, maxBlockMs: number): KafkaError {
  return new KafkaError(error.code, `${error.message} It was tried for ${maxBlockMs} ms.`, {
    cause: error,
    retriable: true,
  });
}

function byTopic(
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): TopicPartitions[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [partition]);
    else list.push(partition);
  }
  return [...topics].map(([name, list]) => ({ name, partitions: list }));
}

function offsetTopics(
  offsets: TransactionOffsets['offsets'],
  idOf: (name: string) => string,
): RequestInput<'TxnOffsetCommit'>['topics'] & { topicId: string }[] {
  return byTopic(offsets).map(({ name }) => ({
    name,
    topicId: idOf(name),
    partitions: offsets
      .filter(({ topic }) => topic === name)
      .map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
  }));
}
