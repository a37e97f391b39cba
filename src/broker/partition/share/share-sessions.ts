import type { ErrorCode } from '../../../errors/index.js';
import type { ShareTopicPartition } from './share-topic-partition.js';

/** A member's standing request at this broker: which partitions it reads (KIP-932). */
export interface ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  readonly partitions: Map<string, ShareTopicPartition>;
  /** The epoch the next request must carry. */
  nextEpoch: number;
  /** Takes the listener at the connection away. */
  forgetConnection: () => void;
}

export const initialEpoch = 0;
export const finalEpoch = -1;
const int32Max = 0x7fffffff;

export type ShareSessionFault = Extract<
  ErrorCode,
  'SHARE_SESSION_NOT_FOUND' | 'INVALID_SHARE_SESSION_EPOCH' | 'SHARE_SESSION_LIMIT_REACHED'
>;

/**
 * The share sessions of all members (Kafka's `ShareSessionCache`), one for each member of a group,
 * at most as many as there are slots. A session ends with its connection, with the final epoch, or
 * when its member begins another.
 */
export class ShareSessions {
  readonly #slots: number;
  readonly #sessions = new Map<string, ShareSession>();

  constructor(slots: number) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#sessions.size;
  }

  find(groupId: string, memberId: string): ShareSession | undefined {
    return this.#sessions.get(keyOf(groupId, memberId));
  }

  /** Begins a session; one that the member had before is over. */
  begin(groupId: string, memberId: string): ShareSession | ShareSessionFault {
    const key = keyOf(groupId, memberId);
    this.end({ groupId, memberId });
    if (this.#sessions.size >= this.#slots) return 'SHARE_SESSION_LIMIT_REACHED';
    const partitions = new Map<string, ShareTopicPartition>();
    const rest = { partitions, nextEpoch: 1, forgetConnection: () => {} };
    const session = { groupId, memberId, ...rest };
    this.#sessions.set(key, session);
    return session;
  }

  /** Takes a session up with the epoch of a request. */
  resume(groupId: string, memberId: string, epoch: number): ShareSession | ShareSessionFault {
    const session = this.find(groupId, memberId);
    if (session === undefined) return 'SHARE_SESSION_NOT_FOUND';
    if (epoch === finalEpoch) return session;
    if (session.nextEpoch !== epoch) return 'INVALID_SHARE_SESSION_EPOCH';
    session.nextEpoch = epoch === int32Max ? 1 : epoch + 1;
    return session;
  }

  end({ groupId, memberId }: Pick<ShareSession, 'groupId' | 'memberId'>): void {
    const key = keyOf(groupId, memberId);
    this.#sessions.get(key)?.forgetConnection();
    this.#sessions.delete(key);
  }
}

function keyOf(groupId: string, memberId: string): string {
  return `${groupId.length} ${groupId} ${memberId}`;
}
