import { zeroUuid } from '../../bytes/index.js';
import type { KafkaError } from '../../errors/index.js';
import type { TopicPartition } from './consumer-options.js';

/** Special timestamps of ListOffsets. */
export const latestTimestamp = -1;
export const earliestTimestamp = -2;

/** A place in a partition: an offset, and the leader epoch of the record before it. */
export interface FetchPosition {
  readonly offset: number;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
}

/**
 * What the consumer knows about one assigned partition.
 *
 * ```
 *   committed ≤ deferred ≤ unfinished ≤ position ≤ fetchOffset ≤ endOffset
 *             (elsewhere) (at hand)   (delivered) (buffered up to here)
 * ```
 *
 * Whatever moves the position from outside (a seek, a reset, a revocation) raises `incarnation`:
 * answers and buffered records of an earlier one are dropped by whoever holds them.
 */
export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  incarnation = 0;
  /** Next offset to hand out, -1 while unknown. */
  position = -1;
  /** The lowest position there has been since the partition was assigned, -1 before the first. */
  lowestPosition = -1;
  /** Leader epoch of the batch that the position is in or behind, -1 when unknown. */
  positionEpoch = -1;
  /** Next offset to fetch. */
  fetchOffset = -1;
  /** Leader epoch of the last batch fetched. */
  fetchEpoch = -1;
  /** First offset handed out that the loop has not finished, -1 when there is none. */
  unfinished = -1;
  /** Offsets handed out, left by the loop, and still being worked on; in ascending order. */
  deferred = new Set<number>();
  /** Last offset committed by us or found committed, -1 for none. */
  committed = -1;
  paused = false;
  /** Whether the partition has a loop of its own, and no other may hand out of it. */
  isStreamed = false;
  /** Whether the partition is ours no more. */
  isRetired = false;
  /** Set while the position has to be found: `committed` asks the group first. */
  wanted: 'committed' | { readonly timestamp: number } | undefined = 'committed';
  /** First offset not readable at this isolation level, -1 before the first answer. */
  endOffset = -1;
  logStartOffset = -1;
  /** Follower to read from (KIP-392), -1 for the leader; forgotten after a while. */
  preferredReplica = -1;
  preferredUntil = 0;
  /** No fetch before this moment of the monotonic clock. */
  retryAt = 0;
  /** Consecutive failures, for the backoff. */
  failures = 0;
  /** Leader epoch against which the position has been checked (KIP-320). */
  validatedEpoch = -1;
  /** Bytes that wait behind the chunk being read. */
  queuedBytes = 0;
  /** Where damaged bytes were seen last: they are fetched once more before they are passed over. */
  damagedAt = -1;
  /** What went wrong with the partition last, cleared by the next success. */
  problem: KafkaError | undefined;
  /** Id of the topic that the position is in; the zero id before it is known. */
  #topicId: string = zeroUuid;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get hasPosition(): boolean {
    return this.position >= 0;
  }

  /** What may be committed: everything below has been finished. -1 while nothing is known. */
  get committable(): number {
    const next = this.unfinished >= 0 ? this.unfinished : this.position;
    for (const first of this.deferred) return Math.min(first, next);
    return next;
  }

  /** Continues at another place; buffered records and answers under way become void. */
  moveTo(position: FetchPosition): void {
    this.incarnation++;
    this.position = position.offset;
    const { offset } = position;
    const isLowest = this.lowestPosition < 0 || offset < this.lowestPosition;
    if (offset >= 0 && isLowest) this.lowestPosition = offset;
    this.positionEpoch = position.leaderEpoch;
    this.fetchOffset = position.offset;
    this.fetchEpoch = position.leaderEpoch;
    this.unfinished = -1;
    // Whoever still works on these holds the old set: what they finish means nothing any more.
    this.deferred = new Set();
    this.wanted = undefined;
    this.retryAt = 0;
    this.validatedEpoch = -1;
    this.wellAgain();
  }

  /** Nothing is wrong with it now. */
  wellAgain(): void {
    this.failures = 0;
    this.problem = undefined;
  }

  /**
   * Takes over the id of the topic as the metadata has it. True when it is another one: the topic
   * was deleted and created again, and the position is one in the old.
   */
  isRenewed(topicId: string): boolean {
    if (topicId === zeroUuid || topicId === this.#topicId) return false;
    const isKnown = this.#topicId !== zeroUuid;
    this.#topicId = topicId;
    return isKnown;
  }

  /** Forgets the position and has it looked up by timestamp (-1 latest, -2 earliest). */
  resetTo(timestamp: number): void {
    this.moveTo({ offset: -1, leaderEpoch: -1 });
    this.wanted = { timestamp };
  }

  /** The partition is ours no more: whoever still holds something of it will see. */
  retire(): void {
    this.isRetired = true;
    this.incarnation++;
    this.wanted = undefined;
    this.queuedBytes = 0;
  }

  /** The offset stays unfinished when the loop goes on, until the returned function is called. */
  defer(offset: number): () => void {
    const { deferred } = this;
    deferred.add(offset);
    return () => void deferred.delete(offset);
  }

  /** Everything below the offset is done with. */
  finishUpTo(offset: number): void {
    for (const each of this.deferred) if (each < offset) this.deferred.delete(each);
    if (this.unfinished >= 0 && offset > this.unfinished) {
      this.unfinished = offset >= this.position ? -1 : offset;
    }
  }
}
