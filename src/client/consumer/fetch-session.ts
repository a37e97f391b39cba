import { zeroUuid } from '../../bytes/index.js';

/** What is asked of one partition. */
export interface FetchTarget {
  readonly topic: string;
  /** Zero uuid where the cluster has no ids. */
  readonly topicId: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
}

/** The part of a Fetch request that depends on the session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** What has to be named: everything in a full request, what changed in an incremental one. */
  readonly targets: readonly FetchTarget[];
  readonly forgotten: readonly FetchTarget[];
}

const int32Max = 0x7fffffff;

/**
 * The client's half of an incremental fetch session (KIP-227): the broker remembers the
 * partitions, and only changes travel. Follows Kafka's `FetchSessionHandler`.
 *
 * ```
 *   epoch 0 (open, everything named) → 1 → 2 … → 2^31−1 → 1
 *   any failure → close the old id, epoch 0 again
 * ```
 */
export class FetchSession {
  #id = 0;
  #epoch = 0;
  /** What the broker has, by partition. */
  #known = new Map<string, FetchTarget>();

  get id(): number {
    return this.#id;
  }

  /** The next request for exactly these partitions. */
  next(targets: readonly FetchTarget[]): SessionRequest {
    const wanted = new Map(targets.map((target) => [keyOf(target), target]));
    const known = this.#known;
    this.#known = wanted;
    if (this.#epoch === 0) {
      return { sessionId: this.#id, sessionEpoch: 0, targets, forgotten: [] };
    }
    const changed: FetchTarget[] = [];
    const forgotten: FetchTarget[] = [];
    for (const [key, target] of wanted) {
      const before = known.get(key);
      if (before === undefined || !sameTarget(before, target)) changed.push(target);
      // The topic was deleted and created again: the old one has to go.
      if (before !== undefined && before.topicId !== target.topicId) forgotten.push(before);
    }
    for (const [key, target] of known) if (!wanted.has(key)) forgotten.push(target);
    return { sessionId: this.#id, sessionEpoch: this.#epoch, targets: changed, forgotten };
  }

  /** An answer without an error came; id 0 says that the broker keeps no session. */
  succeeded(sessionId: number): void {
    if (sessionId === 0) {
      this.#id = 0;
      this.#epoch = 0;
      return;
    }
    if (sessionId === this.#id && this.#epoch > 0) {
      this.#epoch = this.#epoch === int32Max ? 1 : this.#epoch + 1;
      return;
    }
    this.#id = sessionId;
    this.#epoch = 1;
  }

  /** The broker dropped the session, or it is unknown how much of the request it saw. */
  failed(brokerForgotIt: boolean): void {
    if (brokerForgotIt) this.#id = 0;
    this.#epoch = 0;
  }
}

/** Whether all targets can be asked for by topic id (Fetch 13 and later know nothing else). */
export function haveTopicIds(request: SessionRequest): boolean {
  const hasId = (target: FetchTarget): boolean => target.topicId !== zeroUuid;
  return request.targets.every(hasId) && request.forgotten.every(hasId);
}

function keyOf(target: FetchTarget): string {
  return `${target.topic}:${target.partition}`;
}

function sameTarget(a: FetchTarget, b: FetchTarget): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.partitionMaxBytes === b.partitionMaxBytes &&
    a.topicId === b.topicId
  );
}
