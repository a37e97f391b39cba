import { isSameOwnedTasks, type OwnedTasks, ownsNoTasks } from './tasks.js';
import type { KeyValue } from './topology.js';

/**
 * The states of a member as they stand in records (Kafka's `MemberState`): it has what it shall
 * have, it has yet to give tasks back, or it waits for tasks that others have. A state of a newer
 * Kafka's is unknown: such a member must join anew.
 */
export const streamsMemberState = {
  stable: 1,
  unrevoked: 2,
  unreleased: 3,
  unknown: 127,
} as const;

/** The epoch with which a member joins or rejoins. */
export const joiningEpoch = 0;
/** The epoch of a member that leaves; also of one whose epoch no record tells. */
export const leavingEpoch = -1;
/** The epoch of a static member that leaves and will be back within its session. */
export const leavingStaticEpoch = -2;

/** Where the state of an instance can be queried. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a member says of itself; put down whenever it changes. */
export interface StreamsMemberFacts {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly topologyEpoch: number;
  readonly processId: string;
  readonly userEndpoint: Endpoint | null;
  /** In the order of their keys. */
  readonly clientTags: readonly KeyValue[];
}

/** Where a member is on its way to its target; put down at every step. */
export interface StreamsMemberProgress {
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: number;
  readonly assigned: OwnedTasks;
  /** What it was told to give back and still has. */
  readonly revoking: OwnedTasks;
}

/** A member of a streams group. Plain data; a change makes a new one. */
export interface StreamsMember extends StreamsMemberFacts, StreamsMemberProgress {
  readonly memberId: string;
}

const noFacts: StreamsMemberFacts = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  rebalanceTimeoutMs: -1,
  topologyEpoch: -1,
  processId: '',
  userEndpoint: null,
  clientTags: [],
};

export const noStreamsProgress: StreamsMemberProgress = {
  epoch: joiningEpoch,
  previousEpoch: joiningEpoch,
  state: streamsMemberState.stable,
  assigned: ownsNoTasks,
  revoking: ownsNoTasks,
};

export function newStreamsMember(memberId: string): StreamsMember {
  return { memberId, ...noFacts, ...noStreamsProgress };
}

export function streamsFactsOf(member: StreamsMember): StreamsMemberFacts {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = member;
  const { topologyEpoch, processId, userEndpoint, clientTags } = member;
  const who = { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs };
  return { ...who, topologyEpoch, processId, userEndpoint, clientTags };
}

export function streamsProgressOf(member: StreamsMember): StreamsMemberProgress {
  const { epoch, previousEpoch, state, assigned, revoking } = member;
  return { epoch, previousEpoch, state, assigned, revoking };
}

export function isSameStreamsFacts(one: StreamsMemberFacts, other: StreamsMemberFacts): boolean {
  return (
    one.instanceId === other.instanceId &&
    one.rackId === other.rackId &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.topologyEpoch === other.topologyEpoch &&
    one.processId === other.processId &&
    one.userEndpoint?.host === other.userEndpoint?.host &&
    one.userEndpoint?.port === other.userEndpoint?.port &&
    one.clientTags.length === other.clientTags.length &&
    one.clientTags.every(({ key, value }, at) => {
      const theirs = other.clientTags[at];
      return theirs?.key === key && theirs.value === value;
    })
  );
}

export function isSameStreamsProgress(
  one: StreamsMemberProgress,
  other: StreamsMemberProgress,
): boolean {
  return (
    one.epoch === other.epoch &&
    one.previousEpoch === other.previousEpoch &&
    one.state === other.state &&
    isSameOwnedTasks(one.assigned, other.assigned) &&
    isSameOwnedTasks(one.revoking, other.revoking)
  );
}

/** Whether the member has all of the target of this epoch, and nothing else. */
export function isReconciledTo(
  { state, epoch }: StreamsMemberProgress,
  targetEpoch: number,
): boolean {
  return state === streamsMemberState.stable && epoch === targetEpoch;
}
