import { type OwnedPartitions, ownsNothing } from './assignment.js';

/**
 *              told to give partitions back            all of them are given back
 *   stable ───────────────────────────▶ unrevoked ───────────────────────────▶ (next epoch)
 *     ▲  │
 *     │  └─ next epoch, but others still own what it shall get ─▶ unreleased ─┐
 *     └──────────────────────── everything is free and assigned ──────────────┘
 *
 * The numbers stand in records (Kafka's `MemberState`).
 */
export const memberState = { stable: 0, unrevoked: 1, unreleased: 2 } as const;

/** The epoch with which a member joins or rejoins. */
export const joiningEpoch = 0;
/** The epoch of a member that leaves for good; also of one whose epoch no record tells. */
export const leavingEpoch = -1;
/** The epoch of a static member that leaves and will be back within its session. */
export const leavingStaticEpoch = -2;

export interface SupportedProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What the group knows of a member that still speaks the classic protocol. */
export interface ClassicFacts {
  readonly sessionTimeoutMs: number;
  readonly supportedProtocols: readonly SupportedProtocol[];
}

/** What a member says of itself; put down whenever it changes. */
export interface MemberFacts {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** In the order of their characters, each once. */
  readonly topicNames: readonly string[];
  /** Empty when it subscribes by names only. */
  readonly topicRegex: string;
  readonly rebalanceTimeoutMs: number;
  readonly serverAssignor: string | null;
  /** Null for members that speak the protocol of KIP-848. */
  readonly classic: ClassicFacts | null;
}

/** Where a member is on its way to its target; put down at every step. */
export interface MemberProgress {
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: number;
  readonly assigned: OwnedPartitions;
  /** What it was told to give back and still owns. */
  readonly revoking: OwnedPartitions;
}

/** A member of a consumer group. Plain data; a change makes a new one. */
export interface ConsumerMember extends MemberFacts, MemberProgress {
  readonly memberId: string;
}

const noFacts: MemberFacts = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  topicNames: [],
  topicRegex: '',
  rebalanceTimeoutMs: -1,
  serverAssignor: null,
  classic: null,
};

export const noProgress: MemberProgress = {
  epoch: joiningEpoch,
  previousEpoch: joiningEpoch,
  state: memberState.stable,
  assigned: ownsNothing,
  revoking: ownsNothing,
};

export function newMember(memberId: string): ConsumerMember {
  return { memberId, ...noFacts, ...noProgress };
}

export function factsOf(member: ConsumerMember): MemberFacts {
  const { instanceId, rackId, clientId, clientHost, topicNames, topicRegex } = member;
  const { rebalanceTimeoutMs, serverAssignor, classic } = member;
  const subscription = { topicNames, topicRegex, rebalanceTimeoutMs, serverAssignor, classic };
  return { instanceId, rackId, clientId, clientHost, ...subscription };
}

export function progressOf(member: ConsumerMember): MemberProgress {
  const { epoch, previousEpoch, state, assigned, revoking } = member;
  return { epoch, previousEpoch, state, assigned, revoking };
}

export function isSameFacts(one: MemberFacts, other: MemberFacts): boolean {
  return (
    one.instanceId === other.instanceId &&
    one.rackId === other.rackId &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    one.topicRegex === other.topicRegex &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.serverAssignor === other.serverAssignor &&
    isSameList(one.topicNames, other.topicNames) &&
    isSameClassic(one.classic, other.classic)
  );
}

export function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, at) => other[at] === item);
}

function isSameClassic(one: ClassicFacts | null, other: ClassicFacts | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.sessionTimeoutMs === other.sessionTimeoutMs &&
    one.supportedProtocols.length === other.supportedProtocols.length &&
    one.supportedProtocols.every(({ name, metadata }, at) => {
      const theirs = other.supportedProtocols[at];
      return theirs?.name === name && theirs.metadata.equals(metadata);
    })
  );
}

/** Whether the member has all of the target of this epoch, and nothing else. */
export function isReconciled({ state, epoch }: MemberProgress, targetEpoch: number): boolean {
  return state === memberState.stable && epoch === targetEpoch;
}
