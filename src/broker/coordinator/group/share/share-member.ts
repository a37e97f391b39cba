import { type Assignment, noPartitions } from '../consumer/assignment.js';

/** The epoch with which a member joins or rejoins. */
export const joiningEpoch = 0;
/** The epoch of a member that leaves. */
export const leavingEpoch = -1;

/** What a member says of itself; put down whenever it changes. */
export interface ShareMemberFacts {
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In the order of their characters, each once. */
  readonly topicNames: readonly string[];
}

/** What a member has. Others may have the same partitions, so nothing is ever awaited. */
export interface ShareMemberProgress {
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly assigned: Assignment;
}

/** A member of a share group. Plain data; a change makes a new one. */
export interface ShareMember extends ShareMemberFacts, ShareMemberProgress {
  readonly memberId: string;
}

export function newShareMember(memberId: string): ShareMember {
  const facts = { rackId: null, clientId: '', clientHost: '', topicNames: [] };
  const progress = { epoch: joiningEpoch, previousEpoch: joiningEpoch, assigned: noPartitions };
  return { memberId, ...facts, ...progress };
}

export function factsOf({
  rackId,
  clientId,
  clientHost,
  topicNames,
}: ShareMember): ShareMemberFacts {
  return { rackId, clientId, clientHost, topicNames };
}

export function isSameFacts(one: ShareMemberFacts, other: ShareMemberFacts): boolean {
  return (
    one.rackId === other.rackId &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    isSameList(one.topicNames, other.topicNames)
  );
}

export function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, at) => other[at] === item);
}
