import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { askCoordinator, askLeaders, type CallOptions, outcomeFor, outcomeOf } from './routing.js';
import { type PartitionOf, retrying, throwOn, valuesOf } from './routing.js';
import { fenceProducers } from './producers.js';

export interface ListTransactionsOptions extends CallOptions {
  /** `Ongoing`, `PrepareCommit`, `CompleteAbort` … */
  readonly states?: readonly string[] | undefined;
  readonly producerIds?: readonly number[] | undefined;
  /** Only those open for longer, in ms (KIP-994). */
  readonly durationMs?: number | undefined;
  /** Only ids that match this RE2 expression as a whole (KIP-1152). */
  readonly transactionalIdPattern?: string | undefined;
}

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: string;
  /** The broker that coordinates it. */
  readonly coordinator: number;
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number;
  readonly transactionTimeoutMs: number;
  /** ms since 1970; null where none is open. */
  readonly startTimestamp: number | null;
  /** Partitions that take part in the open transaction. */
  readonly partitions: readonly PartitionOf[];
}

/** An open transaction in a partition, by what `describeProducers` says of its producer. */
export interface TransactionToAbort extends PartitionOf {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

/** Every broker knows the transactions it coordinates: all are asked (KIP-664). */
export async function listTransactions(
  cluster: Cluster,
  options: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  await cluster.refresh([], { signal: options.signal });
  const asked = [...cluster.brokers().keys()].map((broker) =>
    retrying(cluster, options, () => listAt(cluster, broker, options)),
  );
  const found = (await Promise.all(asked)).flat();
  return found.sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
}

async function listAt(
  cluster: Cluster,
  coordinator: number,
  options: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  const { durationMs, transactionalIdPattern } = options;
  const versionMin = transactionalIdPattern !== undefined ? 2 : durationMs !== undefined ? 1 : 0;
  const answer = await cluster.send(
    'ListTransactions',
    {
      stateFilters: [...(options.states ?? [])],
      producerIdFilters: [...(options.producerIds ?? [])],
      ...(durationMs === undefined ? {} : { durationFilter: durationMs }),
      ...(transactionalIdPattern === undefined ? {} : { transactionalIdPattern }),
    },
    { broker: coordinator },
    { signal: options.signal, versionMin },
  );
  throwOn(answer.errorCode, undefined, { api: 'ListTransactions' });
  if (answer.unknownStateFilters.length > 0) {
    const unknown = answer.unknownStateFilters.join(', ');
    throw new KafkaError('INVALID_ARGUMENT', `The broker knows no such states: ${unknown}.`);
  }
  return answer.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
    transactionalId,
    producerId,
    state: transactionState,
    coordinator,
  }));
}

/** TRANSACTIONAL_ID_NOT_FOUND for one that its coordinator does not know. */
export async function describeTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: CallOptions,
): Promise<TransactionDescription[]> {
  const outcomes = transactionalIds.map((transactionalId) =>
    outcomeFor({ transactionalId }, () => describeOne(cluster, transactionalId, options)),
  );
  return valuesOf('describeTransactions', await Promise.all(outcomes));
}

async function describeOne(
  cluster: Cluster,
  transactionalId: string,
  options: CallOptions,
): Promise<TransactionDescription> {
  const ask = async (broker: number): Promise<TransactionDescription> => {
    const request = { transactionalIds: [transactionalId] };
    const { signal } = options;
    const answer = await cluster.send('DescribeTransactions', request, { broker }, { signal });
    const state = answer.transactionStates[0];
    if (state === undefined || state.errorCode !== 0) {
      const text = `The transactional id ${transactionalId} could not be described.`;
      throw KafkaError.fromErrno(state?.errorCode ?? -1, text);
    }
    const { transactionStartTimeMs: startedAt } = state;
    return {
      transactionalId,
      producerId: state.producerId,
      producerEpoch: state.producerEpoch,
      state: state.transactionState,
      coordinator: broker,
      transactionTimeoutMs: state.transactionTimeoutMs,
      startTimestamp: startedAt < 0 ? null : startedAt,
      partitions: state.topics.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    };
  };
  return await askCoordinator(cluster, transactionalId, options, ask, 'transaction');
}

/**
 * Writes an abort marker into a partition behind the coordinator's back: the way out for a
 * transaction that hangs there (`findHangingTransactions`). INVALID_PRODUCER_EPOCH or
 * TRANSACTION_COORDINATOR_FENCED where the producer or its coordinator has gone on since.
 */
export async function abortTransaction(
  cluster: Cluster,
  transaction: TransactionToAbort,
  options: CallOptions,
): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = transaction;
  const marker = {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    transactionResult: false,
    topics: [{ name: topic, partitionIndexes: [partition] }],
  };
  const place = { topic, partition };
  await askLeaders(cluster, [place], options, 'abortTransaction', async (broker) => {
    const { signal } = options;
    const request = { markers: [marker] };
    const answer = await cluster.send('WriteTxnMarkers', request, { broker }, { signal });
    const one = answer.markers[0]?.topics[0]?.partitions[0];
    return [outcomeOf(one?.errorCode ?? -1, undefined, place, () => undefined)];
  });
}

/** Aborts whatever transaction the id has open, and fences its producer (KIP-939). */
export async function forceTerminateTransaction(
  cluster: Cluster,
  transactionalId: string,
  options: CallOptions,
): Promise<void> {
  await fenceProducers(cluster, [transactionalId], options);
}
