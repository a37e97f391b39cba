import { errnoOf, isKafkaError } from '../../errors/index.js';
import type { BrokerInternals } from '../broker-internals.js';
import { isShareStateFault } from '../coordinator/share-coordinator.js';
import type { ShareStateFault } from '../coordinator/share/share-state-machine.js';
import type { SharePartitionKey } from '../coordinator/share/share-state-records.js';
import type { Handler, RequestContext } from './handler.js';

/*
 * The five requests by which brokers keep the states of share partitions (KIP-932). Here the group
 * coordinator and the partitions' leader call the share coordinator directly; whoever sends these
 * gets the same from the node that leads the state's partition of `__share_group_state`.
 */

interface Asked<P> {
  readonly groupId: string;
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly P[] }[];
}

/** How a request is carried out for one partition, and what is answered beside an error. */
interface Asking<P, A> {
  /** As Kafka says it: `Unable to …`. */
  readonly verb: string;
  readonly ask: (
    key: SharePartitionKey,
    asked: P,
    broker: BrokerInternals,
  ) => Promise<A | ShareStateFault | undefined>;
  readonly nothing: A;
}

/**
 * Asks for every partition by itself and puts the answers together by topic; nothing is answered
 * to a request that names no group, or a topic without partitions.
 */
async function forEach<P extends { readonly partition: number }, A extends object>(
  { groupId, topics }: Asked<P>,
  { broker }: RequestContext,
  asking: Asking<P, A>,
) {
  if (groupId === '' || topics.some(({ partitions }) => partitions.length === 0)) {
    return { results: [] };
  }
  const results = await Promise.all(
    topics.map(async ({ topicId, partitions }) => ({
      topicId,
      partitions: await Promise.all(
        partitions.map((asked) =>
          one({ groupId, topicId, partition: asked.partition }, asked, broker, asking),
        ),
      ),
    })),
  );
  return { results };
}

async function one<P, A extends object>(
  key: SharePartitionKey,
  asked: P,
  broker: BrokerInternals,
  { verb, ask, nothing }: Asking<P, A>,
) {
  const answer = (await elsewhere(key, broker, verb)) ?? (await ask(key, asked, broker));
  const { partition } = key;
  if (isShareStateFault(answer)) {
    const { error, message: errorMessage } = answer;
    return { partition, errorCode: errnoOf(error), errorMessage, ...nothing };
  }
  return { partition, errorCode: 0, errorMessage: null, ...(answer ?? nothing) };
}

/** Why this node is not the one to be asked. */
async function elsewhere(
  { groupId, topicId, partition }: SharePartitionKey,
  { shareStates, topics, nodeId }: BrokerInternals,
  verb: string,
): Promise<ShareStateFault | undefined> {
  try {
    const kept = await shareStates.partitionOf(`${groupId}:${topicId}:${partition}`);
    if (topics.partition(shareStates.topicName, kept)?.leader === nodeId) return undefined;
    const message = `Unable to ${verb}: This is not the correct coordinator.`;
    return { error: 'NOT_COORDINATOR', message };
  } catch (error) {
    const why = isKafkaError(error) ? error.message : 'The coordinator is not available.';
    return { error: 'COORDINATOR_NOT_AVAILABLE', message: `Unable to ${verb}: ${why}` };
  }
}

/** What is wrong with a partition that need not have a state. */
function faultOf(
  { topicId, partition }: SharePartitionKey,
  { topics }: BrokerInternals,
): ShareStateFault | undefined {
  if (partition < 0) {
    return { error: 'INVALID_REQUEST', message: 'The partition id cannot be a negative number.' };
  }
  if (topics.byId(topicId)?.partitions[partition] !== undefined) return undefined;
  const message = 'This server does not host this topic-partition.';
  return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message };
}

/** InitializeShareGroupState v0. */
export const initializeShareGroupState: Handler<'InitializeShareGroupState'> = (request, context) =>
  forEach(request, context, {
    verb: 'initialize share group state',
    ask: (key, { stateEpoch, startOffset }, broker) =>
      broker.shareStates.initialize(key, { stateEpoch, startOffset }),
    nothing: {},
  });

/** ReadShareGroupState v0. */
export const readShareGroupState: Handler<'ReadShareGroupState'> = (request, context) =>
  forEach(request, context, {
    verb: 'read share group state',
    ask: async (key, { leaderEpoch }, broker) => {
      const state = await broker.shareStates.read(key, leaderEpoch);
      if (isShareStateFault(state)) return state;
      return { ...state, stateBatches: [...state.stateBatches] };
    },
    nothing: { stateEpoch: 0, startOffset: 0, stateBatches: [] },
  });

/** WriteShareGroupState v0–1. */
export const writeShareGroupState: Handler<'WriteShareGroupState'> = (request, context) =>
  forEach(request, context, {
    verb: 'write share group state',
    ask: (key, asked, broker) => {
      const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches } = asked;
      const written = { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount };
      return broker.shareStates.write(key, { ...written, stateBatches });
    },
    nothing: {},
  });

/** DeleteShareGroupState v0. */
export const deleteShareGroupState: Handler<'DeleteShareGroupState'> = (request, context) =>
  forEach(request, context, {
    verb: 'delete share group state',
    ask: async (key, _, broker) => faultOf(key, broker) ?? (await broker.shareStates.delete(key)),
    nothing: {},
  });

/** ReadShareGroupStateSummary v0–1; a state that is not there is as one nobody has read from. */
export const readShareGroupStateSummary: Handler<'ReadShareGroupStateSummary'> = (
  request,
  context,
) =>
  forEach(request, context, {
    verb: 'read share group state summary',
    ask: async (key, _, broker) => {
      const state = faultOf(key, broker) ?? (await broker.shareStates.summary(key)) ?? unread;
      if (isShareStateFault(state)) return state;
      const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = state;
      return { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount };
    },
    nothing: { ...unread, startOffset: 0 },
  });

const unread = { stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 };
