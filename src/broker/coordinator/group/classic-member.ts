import type { Ticket } from '../runtime/outcome.js';
import type { GroupProtocol, JoinGroupAnswer, SyncGroupAnswer } from './group-messages.js';

export const noBytes: Buffer = Buffer.alloc(0);

export interface ClassicMemberFacts {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
}

/** A member of a classic group (Kafka's `ClassicGroupMember`). */
export class ClassicMember {
  readonly memberId: string;
  /** Set for a static member: it keeps its assignment over a restart (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** In the order the member prefers them. */
  protocols: readonly GroupProtocol[];
  assignment: Buffer = noBytes;
  /** Until its first generation: it cannot send heartbeats, for it does not know its id yet. */
  isNew = false;
  /** Its JoinGroup, while the group prepares a rebalance. Set by the group, which counts them. */
  joining: Ticket<JoinGroupAnswer> | undefined;
  /** Its SyncGroup, while the leader's is awaited. */
  syncing: Ticket<SyncGroupAnswer> | undefined;

  constructor(facts: ClassicMemberFacts) {
    this.memberId = facts.memberId;
    this.groupInstanceId = facts.groupInstanceId;
    this.clientId = facts.clientId;
    this.clientHost = facts.clientHost;
    this.protocolType = facts.protocolType;
    this.sessionTimeoutMs = facts.sessionTimeoutMs;
    this.rebalanceTimeoutMs = facts.rebalanceTimeoutMs;
    this.protocols = facts.protocols;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  /** Whether the member joins with exactly what it joined with before. */
  matches(protocols: readonly GroupProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      this.protocols.every((mine, at) => {
        const theirs = protocols[at];
        return theirs?.name === mine.name && mine.metadata.equals(theirs.metadata);
      })
    );
  }

  metadataFor(protocolName: string | null): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? noBytes;
  }

  /** The protocol the member likes best among those that everybody supports. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.protocols.find(({ name }) => candidates.has(name))?.name;
  }
}
