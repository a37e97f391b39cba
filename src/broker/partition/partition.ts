import { type ErrorCode, KafkaError } from '../../errors/index.js';
import { endTxnMarker } from '../../records/index.js';
import {
  type AppendOptions,
  type AppendResult,
  type Log,
  type LogRead,
  prepareAppend,
} from '../log/index.js';
import type { MarkerOfTransaction } from './internal-topic.js';

/** Why a request about a partition cannot be served by this leader. */
export type LeaderFault = Extract<
  ErrorCode,
  | 'FENCED_LEADER_EPOCH'
  | 'UNKNOWN_LEADER_EPOCH'
  | 'UNKNOWN_TOPIC_OR_PARTITION'
  | 'NOT_LEADER_OR_FOLLOWER'
>;

/** Who keeps a partition and who leads it. */
export interface PartitionPlace {
  /** The nodes that keep it, the preferred leader first. */
  readonly replicas: readonly number[];
  /** -1 while none of them runs. */
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** What `append` is told beside the batches. */
export interface PartitionAppend extends Omit<AppendOptions, 'leaderEpoch'> {
  /** Runs right before the batches go to the log, and throws where they must not. */
  readonly admit?: (() => void) | undefined;
}

/** A transaction whose marker is in the log, but not yet below the high watermark. */
interface EndingTransaction {
  readonly firstOffset: number;
  readonly markerOffset: number;
}

/**
 * One partition with its log: knows who leads it in which epoch, draws the high watermark from what
 * the log has synced, and wakes those who wait for it to move. Readers never see a record above the
 * high watermark, so a crash takes nothing away that anybody has read.
 */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly log: Log;
  #place: PartitionPlace;
  readonly #watchers = new Set<() => void>();
  readonly #replicationWaiters = new Set<(error?: Error) => void>();
  /** In the order of their markers. */
  #ending: EndingTransaction[] = [];
  /** The append that waits for its codec; what comes after it must stay behind it. */
  #appending: Promise<unknown> | undefined;
  #deleted = false;

  constructor(log: Log, place: PartitionPlace) {
    this.topic = log.topic;
    this.index = log.partition;
    this.#place = place;
    this.log = log;
    log.assignLeaderEpoch(place.leaderEpoch);
    log.onSynced = () => this.#wake();
    log.onLogStart = () => this.#wake();
    log.onFailed = () => this.#wake();
  }

  get leaderEpoch(): number {
    return this.#place.leaderEpoch;
  }

  /** The node that leads it, -1 while none of its replicas runs. */
  get leader(): number {
    return this.#place.leader;
  }

  /** The nodes that keep it, the preferred leader first. */
  get replicas(): readonly number[] {
    return this.#place.replicas;
  }

  /** Moves to other nodes or another leader; who waits looks again, and is told. */
  moveTo(place: PartitionPlace): void {
    const isNewEpoch = place.leaderEpoch !== this.#place.leaderEpoch;
    this.#place = place;
    if (isNewEpoch) this.log.assignLeaderEpoch(place.leaderEpoch);
    this.#wake();
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.log.logEndOffset;
  }

  /** What readers may see: everything below. */
  get highWatermark(): number {
    return Math.min(this.log.syncedOffset, this.log.logEndOffset);
  }

  /**
   * Where read_committed readers stop: the begin of the earliest transaction that is open, or
   * whose end is not below the high watermark; without any the high watermark.
   */
  get lastStableOffset(): number {
    const { highWatermark } = this;
    let stable = Math.min(highWatermark, this.log.firstOpenTransactionOffset ?? highWatermark);
    if (this.#ending.length > 0) {
      this.#ending = this.#ending.filter((one) => one.markerOffset >= highWatermark);
      for (const { firstOffset } of this.#ending) stable = Math.min(stable, firstOffset);
    }
    return Math.max(stable, Math.min(this.logStartOffset, highWatermark));
  }

  /**
   * Whether `nodeId` leads the partition in the leader epoch that a client believes in; -1 compares
   * no epoch. With `followers`, other replicas do as well (KIP-392).
   */
  leaderFault(
    nodeId: number,
    currentLeaderEpoch: number,
    followers = false,
  ): LeaderFault | undefined {
    if (this.#deleted) return 'UNKNOWN_TOPIC_OR_PARTITION';
    if (nodeId !== this.leader && !(followers && this.replicas.includes(nodeId))) {
      return 'NOT_LEADER_OR_FOLLOWER';
    }
    if (currentLeaderEpoch < 0 || currentLeaderEpoch === this.leaderEpoch) return undefined;
    return currentLeaderEpoch < this.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH';
  }

  /**
   * Appends whole batches in the order of the calls, at once unless a codec has to be loaded
   * first. The buffer belongs to the log from here on.
   */
  append(batches: Buffer, options: PartitionAppend): AppendResult | Promise<AppendResult> {
    const preparing = prepareAppend(batches, this.log.config);
    const before = this.#appending;
    if (preparing === undefined && before === undefined) return this.#append(batches, options);
    const run = async (): Promise<AppendResult> => {
      // The one before answers for its own failure.
      await before?.catch(() => undefined);
      await preparing;
      return this.#append(batches, options);
    };
    const appending = run();
    this.#appending = appending;
    const settled = (): void => {
      if (this.#appending === appending) this.#appending = undefined;
    };
    appending.then(settled, settled);
    return appending;
  }

  #append(batches: Buffer, { admit, ...options }: PartitionAppend): AppendResult {
    if (this.#deleted) throw this.#gone();
    admit?.();
    return this.log.append(batches, { ...options, leaderEpoch: this.leaderEpoch });
  }

  /**
   * Ends a producer's transaction in this partition; resolves when the marker is below the high
   * watermark. Fails with INVALID_PRODUCER_EPOCH where the producer has a newer epoch already.
   */
  async appendMarker(marker: MarkerOfTransaction, now: number): Promise<void> {
    const { committed, ...producer } = marker;
    const type = committed ? 'commit' : 'abort';
    const bytes = Buffer.from(endTxnMarker({ ...producer, type, timestamp: now }));
    let firstOffset = -1;
    const appended = this.append(bytes, {
      origin: 'coordinator',
      now,
      urgent: true,
      admit: () => {
        firstOffset = this.openTransactionOf(producer.producerId)?.firstOffset ?? -1;
      },
    });
    const { lastOffset } = appended instanceof Promise ? await appended : appended;
    if (firstOffset >= 0) this.#ending.push({ firstOffset, markerOffset: lastOffset });
    await this.replicated(lastOffset + 1);
  }

  /** The transaction that a producer has open here. */
  openTransactionOf(
    producerId: number,
  ): { readonly firstOffset: number; readonly producerEpoch: number } | undefined {
    const entry = this.log.producerState.entry(producerId);
    if (entry === undefined || entry.transactionStart < 0) return undefined;
    return { firstOffset: entry.transactionStart, producerEpoch: entry.producerEpoch };
  }

  /** Resolves once the high watermark has reached `offset`; fails with what prevents that. */
  replicated(offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenReplicated(offset, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** Calls back once the high watermark has reached `offset`, or with what prevents it for good. */
  whenReplicated(offset: number, done: (error?: Error) => void): void {
    if (this.#deleted) {
      done(this.#gone());
      return;
    }
    if (this.highWatermark >= offset) {
      done();
      return;
    }
    this.#replicationWaiters.add(done);
    this.log.whenSynced(offset, (error) => {
      if (this.#replicationWaiters.delete(done)) done(error);
    });
  }

  read(offset: number, maxBytes: number, upTo: number, minOneBatch: boolean): LogRead {
    return this.log.read(offset, maxBytes, { upTo, minOneBatch });
  }

  /** Runs whenever something a waiting fetch may care about has changed. */
  watch(run: () => void): void {
    this.#watchers.add(run);
  }

  unwatch(run: () => void): void {
    this.#watchers.delete(run);
  }

  /** The topic is being deleted: whoever waits is told so. */
  markDeleted(): void {
    this.#deleted = true;
    const waiters = [...this.#replicationWaiters];
    this.#replicationWaiters.clear();
    for (const done of waiters) done(this.#gone());
    this.#wake();
  }

  #wake(): void {
    if (this.#watchers.size === 0) return;
    for (const run of [...this.#watchers]) run();
  }

  #gone(): KafkaError {
    return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'The topic has been deleted.', {
      topic: this.topic,
      partition: this.index,
    });
  }
}
