import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { describeProducers } from './producers.js';
import type { CallOptions, PartitionOf } from './routing.js';
import { describeTopics } from './topic-descriptions.js';
import { describeTransactions, listTransactions } from './transactions.js';
import type { TransactionDescription, TransactionToAbort } from './transactions.js';

/** Where to look: partitions, or topics; a whole cluster is a question for a tool at night. */
export interface FindHangingOptions extends CallOptions {
  readonly topics?: readonly string[] | undefined;
  readonly partitions?: readonly PartitionOf[] | undefined;
  /**
   * The brokers' `transaction.max.timeout.ms`, default 900 000: a transaction that its coordinator
   * may still end by itself does not hang. Five minutes are added, as Apache's tool does.
   */
  readonly maxTransactionTimeoutMs?: number | undefined;
}

/** A transaction that keeps readers with `read_committed` from going on, and nobody will end. */
export interface HangingTransaction extends TransactionToAbort {
  readonly startOffset: number;
  /** ms since 1970 of its last batch. */
  readonly lastTimestamp: number;
  /** Null where no coordinator knows the producer. */
  readonly transactionalId: string | null;
}

const defaultMaxTimeoutMs = 15 * 60_000;
const graceMs = 5 * 60_000;

/**
 * Transactions that are open in a partition although their coordinator no longer counts it among
 * those of an open transaction (KIP-664, `kafka-transactions find-hanging`). Each is what
 * `abortTransaction` takes.
 */
export async function findHangingTransactions(
  cluster: Cluster,
  options: FindHangingOptions,
): Promise<HangingTransaction[]> {
  const places = await placesOf(cluster, options);
  const partitions = await describeProducers(cluster, places, options);
  const limitMs = (options.maxTransactionTimeoutMs ?? defaultMaxTimeoutMs) + graceMs;
  const before = cluster.system.clock.now() - limitMs;
  const candidates: HangingTransaction[] = [];
  for (const { topic, partition, producers } of partitions) {
    for (const producer of producers) {
      const { currentTransactionStartOffset: startOffset, lastTimestamp } = producer;
      if (startOffset === null || lastTimestamp > before) continue;
      const { producerId, producerEpoch, coordinatorEpoch } = producer;
      candidates.push({
        topic,
        partition,
        producerId,
        producerEpoch,
        // A producer whose first transaction hangs has had no marker: 0, as Apache's tool has it.
        coordinatorEpoch: Math.max(0, coordinatorEpoch),
        startOffset,
        lastTimestamp,
        transactionalId: null,
      });
    }
  }
  return await withoutLiving(cluster, candidates, options);
}

async function placesOf(cluster: Cluster, options: FindHangingOptions): Promise<PartitionOf[]> {
  const { topics = [], partitions = [] } = options;
  if (topics.length === 0 && partitions.length === 0) {
    throw new KafkaError('INVALID_ARGUMENT', 'Say where to look: topics or partitions.');
  }
  const described = await describeTopics(cluster, topics, options);
  const all = described.flatMap(({ name: topic, partitions: list }) =>
    list.map(({ partition }) => ({ topic, partition })),
  );
  return [...all, ...partitions];
}

/** Leaves out what a coordinator still knows and will end. */
async function withoutLiving(
  cluster: Cluster,
  candidates: readonly HangingTransaction[],
  options: CallOptions,
): Promise<HangingTransaction[]> {
  if (candidates.length === 0) return [];
  const producerIds = [...new Set(candidates.map(({ producerId }) => producerId))];
  const { signal, timeoutMs } = options;
  const listed = await listTransactions(cluster, { producerIds, signal, timeoutMs });
  const known = new Map<number, TransactionDescription | null>();
  const ids = new Map<number, string>();
  for (const { producerId, transactionalId } of listed) {
    ids.set(producerId, transactionalId);
    known.set(producerId, await descriptionOf(cluster, transactionalId, options));
  }
  return candidates
    .filter(({ producerId, topic, partition }) => {
      const open = known.get(producerId);
      const owns = (one: PartitionOf) => one.topic === topic && one.partition === partition;
      // Its producer id may have passed to a newer transaction of the same name.
      return !(open?.producerId === producerId && open.partitions.some(owns));
    })
    .map((one) => ({ ...one, transactionalId: ids.get(one.producerId) ?? null }));
}

async function descriptionOf(
  cluster: Cluster,
  transactionalId: string,
  options: CallOptions,
): Promise<TransactionDescription | null> {
  try {
    const [found] = await describeTransactions(cluster, [transactionalId], options);
    return found ?? null;
  } catch (error) {
    // Gone since it was listed: nobody will end what it left open.
    if (isKafkaError(error, 'TRANSACTIONAL_ID_NOT_FOUND')) return null;
    throw error;
  }
}
