import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { answersFor, byTopicName } from './by-topic.js';
import { askCoordinator, askLeaders, type CallOptions, outcomeFor, outcomeOf } from './routing.js';
import { type PartitionOf, throwOn, valuesOf } from './routing.js';

/** A producer that a partition remembers. */
export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 where unknown. */
  readonly lastSequence: number;
  /** ms since 1970 of its last batch; -1 where unknown. */
  readonly lastTimestamp: number;
  /** Of the last marker; -1 where there was none. */
  readonly coordinatorEpoch: number;
  /** Where its open transaction begins in this partition; null where none is open. */
  readonly currentTransactionStartOffset: number | null;
}

export interface PartitionProducers extends PartitionOf {
  readonly producers: readonly ProducerState[];
}

export interface DescribeProducersOptions extends CallOptions {
  /** Ask this replica instead of the leaders. */
  readonly broker?: number | undefined;
}

export interface FencedProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  /** The epoch that a producer still running would be too old for. */
  readonly producerEpoch: number;
}

/** What partitions know of producers (KIP-664), asked of their leaders. */
export async function describeProducers(
  cluster: Cluster,
  partitions: readonly PartitionOf[],
  options: DescribeProducersOptions,
): Promise<PartitionProducers[]> {
  const ask = async (broker: number, items: readonly PartitionOf[]) => {
    const request = {
      topics: byTopicName(items).map(([name, list]) => ({
        name,
        partitionIndexes: list.map(({ partition }) => partition),
      })),
    };
    const { signal } = options;
    const answer = await cluster.send('DescribeProducers', request, { broker }, { signal });
    return answersFor(items, answer.topics, ({ topic, partition }, one) => {
      const key = { topic, partition };
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, key, () => ({
        topic,
        partition,
        producers: (one?.activeProducers ?? []).map((producer) => ({
          producerId: producer.producerId,
          producerEpoch: producer.producerEpoch,
          lastSequence: producer.lastSequence,
          lastTimestamp: producer.lastTimestamp,
          coordinatorEpoch: producer.coordinatorEpoch,
          currentTransactionStartOffset:
            producer.currentTxnStartOffset < 0 ? null : producer.currentTxnStartOffset,
        })),
      }));
    });
  };
  if (partitions.length === 0) return [];
  if (options.broker === undefined) {
    return await askLeaders(cluster, partitions, options, 'describeProducers', ask);
  }
  await cluster.refresh([], { signal: options.signal });
  return valuesOf('describeProducers', await ask(options.broker, partitions));
}

/**
 * Ends what producers with these transactional ids are doing: their open transactions are aborted,
 * and they themselves fail with PRODUCER_FENCED.
 */
export async function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: CallOptions,
): Promise<FencedProducer[]> {
  const outcomes = transactionalIds.map((transactionalId) =>
    outcomeFor({ transactionalId }, () => fence(cluster, transactionalId, options)),
  );
  return valuesOf('fenceProducers', await Promise.all(outcomes));
}

async function fence(
  cluster: Cluster,
  transactionalId: string,
  options: CallOptions,
): Promise<FencedProducer> {
  const request = {
    transactionalId,
    transactionTimeoutMs: options.timeoutMs ?? cluster.options.requestTimeoutMs,
  };
  const ask = async (broker: number) => {
    const { signal } = options;
    const answer = await cluster.send('InitProducerId', request, { broker }, { signal });
    throwOn(answer.errorCode, undefined, { api: 'InitProducerId' });
    const { producerId, producerEpoch } = answer;
    return { transactionalId, producerId, producerEpoch };
  };
  try {
    return await askCoordinator(cluster, transactionalId, options, ask, 'transaction');
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    const { code, context, retriable, hint } = error;
    const message = `${transactionalId} could not be fenced: ${error.message}`;
    throw new KafkaError(code, message, { ...context, retriable, hint, cause: error });
  }
}
