import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/*
 * The five requests by which brokers keep the states of share partitions (KIP-932). On one node
 * the group coordinator and the partitions' leader call the share coordinator directly; whoever
 * sends these gets the same.
 */

interface Told {
  readonly error: ErrorCode;
  readonly message: string | null;
}

interface AskedTopic<P> {
  readonly topicId: string;
  readonly partitions: readonly P[];
}

interface AskedPartition {
  readonly partition: number;
}

/** Asks for every partition by itself and puts the answers together by topic. */
async function forEach<P extends AskedPartition, A extends object>(
  topics: readonly AskedTopic<P>[],
  ask: (topicId: string, asked: P) => Promise<A>,
) {
  const results = await Promise.all(
    topics.map(async ({ topicId, partitions }) => ({
      topicId,
      partitions: await Promise.all(
        partitions.map(async (asked) => ({
          partition: asked.partition,
          ...(await ask(topicId, asked)),
        })),
      ),
    })),
  );
  return { results };
}

function outcome(fault: Told | undefined) {
  return { errorCode: errnoOf(fault?.error ?? 'NONE'), errorMessage: fault?.message ?? null };
}

/** InitializeShareGroupState v0. */
export const initializeShareGroupState: Handler<'InitializeShareGroupState'> = (
  { groupId, topics },
  { broker },
) =>
  forEach(topics, async (topicId, { partition, stateEpoch, startOffset }) => {
    const key = { groupId, topicId, partition };
    return outcome(await broker.shareStates.initialize(key, { stateEpoch, startOffset }));
  });

/** ReadShareGroupState v0. */
export const readShareGroupState: Handler<'ReadShareGroupState'> = (
  { groupId, topics },
  { broker },
) =>
  forEach(topics, async (topicId, { partition, leaderEpoch }) => {
    const nothing = { stateEpoch: 0, startOffset: 0, stateBatches: [] };
    const state = await broker.shareStates.read({ groupId, topicId, partition }, leaderEpoch);
    if ('error' in state) return { ...outcome(state), ...nothing };
    return { ...outcome(undefined), ...state, stateBatches: [...state.stateBatches] };
  });

/** WriteShareGroupState v0–1. */
export const writeShareGroupState: Handler<'WriteShareGroupState'> = (
  { groupId, topics },
  { broker },
) =>
  forEach(topics, async (topicId, { partition, ...written }) =>
    outcome(await broker.shareStates.write({ groupId, topicId, partition }, written)),
  );

/** DeleteShareGroupState v0. */
export const deleteShareGroupState: Handler<'DeleteShareGroupState'> = (
  { groupId, topics },
  { broker },
) =>
  forEach(topics, async (topicId, { partition }) =>
    outcome(await broker.shareStates.delete({ groupId, topicId, partition })),
  );

/** ReadShareGroupStateSummary v0–1; a state that is not there is as one nobody has read from. */
export const readShareGroupStateSummary: Handler<'ReadShareGroupStateSummary'> = (
  { groupId, topics },
  { broker },
) =>
  forEach(topics, async (topicId, { partition }) => {
    const nothing = { stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 };
    const state = await broker.shareStates.summary({ groupId, topicId, partition });
    if (state === undefined) return { ...outcome(undefined), ...nothing };
    if ('error' in state) return { ...outcome(state), ...nothing };
    const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = state;
    const known = { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount };
    return { ...outcome(undefined), ...known };
  });
