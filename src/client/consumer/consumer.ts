import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { type ConsumerHealth, healthOf } from './consumer-health.js';
import { ConsumerInterceptors } from './consumer-interceptors.js';
import type { ConsumerOptions, TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import { type ConsumerSettings, consumerSettings } from './consumer-settings.js';
import { Deliveries } from './deliveries.js';
import { FetchBuffer } from './fetch-buffer.js';
import { Fetcher } from './fetcher.js';
import { GroupOffsets, type TopicPartitionOffset } from './group-offsets.js';
import type { GroupMembershipOperation, Membership } from './membership.js';
import { membershipFor } from './membership-for.js';
import { type CommitOptions, type Committable, givenUp, OffsetCommits } from './offset-commits.js';
import { lookUpOffsets } from './offset-lookup.js';
import { resetTimestamp } from './offset-reset.js';
import { earliestTimestamp, latestTimestamp, type PartitionState } from './partition-state.js';
import { pollTimeout, PollWatch } from './poll-watch.js';
import { partitionStreams } from './partition-stream.js';
import { PositionFinder } from './position-finder.js';
import { Rebalance } from './rebalance.js';
import { RecordMaker } from './record-maker.js';
import { reportTrouble } from './report-trouble.js';
import { runLoops, type RunOptions } from './run-loops.js';
import type { ConsumedBatch, ConsumedRecord, ConsumedStream } from './topic-records.js';
import type { AnyTopics } from '../topic-map.js';
import { SubscriptionState } from './subscription-state.js';
import { partitionKey } from './topic-partitions.js';
import { nextOffset, type OffsetsToCommit, offsetsToCommit, stateOf } from './offsets-to-commit.js';

export interface CloseOptions {
  /** How long the last commit may take, in ms; default 5000. */
  readonly timeoutMs?: number | undefined;
  /**
   * `leave`: the partitions go to others at once, also those of a static member. `remain`: they
   * are kept for the next member of this name, or until the session is over (KIP-1092). Default:
   * static members remain, others leave.
   */
  readonly groupMembershipOperation?: GroupMembershipOperation | undefined;
}

/** A revocation waits so long for its commit at most: the whole group waits with it. */
const revocationCommitMs = 10_000;
/** Closing waits so long for the last commit. */
const closingCommitMs = 5000;

/**
 * Reads records, alone or as a member of a group.
 *
 * Iterating joins the group and fetches ahead. What the loop was given is *finished* when it asks
 * for the next (or `commit` was called for it), and only finished records are committed: every
 * `autoCommitIntervalMs`, before partitions are given up, and at `close`. A loop that is left by
 * `break` or `throw` has not finished what it had at hand: that comes again, in the next loop of
 * this consumer or wherever the partition goes. So every record is handled at least once.
 *
 * One loop at a time, or several by `run` and `partitions`. Follows Kafka's `KafkaConsumer`.
 *
 * Over 400 lines because every method of the public surface is here, each a few lines that hand
 * over to the part that does it.
 */
export class Consumer<K = Buffer | null, V = Buffer | null, Topics extends object = AnyTopics>
  implements AsyncIterable<ConsumedRecord<K, V, Topics>>, AsyncDisposable
{
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings<K, V>;
  readonly #subscription = new SubscriptionState();
  readonly #buffer = new FetchBuffer();
  readonly #delivery: Deliveries<K, V>;
  readonly #fetcher: Fetcher;
  readonly #positions: PositionFinder;
  readonly #offsets: GroupOffsets | undefined;
  readonly #commits: OffsetCommits | undefined;
  readonly #membership: Membership;
  readonly #pollWatch: PollWatch;
  readonly #unwatch: () => void;
  readonly #unkeep: () => void;
  readonly #onAbort = (): void => void this.close();
  #started: Promise<void> | undefined;
  #hasAssignment: () => void = () => undefined;
  #startFailed: (error: KafkaError) => void = () => undefined;
  #isExpelled = false;
  #lastError: KafkaError | undefined;
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ConsumerOptions<K, V>) {
    const settings = consumerSettings(options);
    this.#cluster = cluster;
    this.#settings = settings;
    cluster.retain();
    if (settings.assign !== undefined) this.#subscription.add(settings.assign);
    const { keyDeserializer: key, valueDeserializer: value } = settings;
    const interceptors =
      settings.interceptors && new ConsumerInterceptors(settings.interceptors, cluster.logger);
    const maker = new RecordMaker(key, value, interceptors);
    this.#delivery = new Deliveries(this.#buffer, maker, {
      asked: () => this.#asked(),
      drained: () => this.#fetcher.wake(),
      soon: (run) => cluster.system.clock.soon(run),
      skipped: settings.skipCorrupt ? (error) => this.#troubled(error) : undefined,
    });
    this.#fetcher = new Fetcher(cluster, settings, this.#subscription, this.#buffer, {
      fetched: () => this.#delivery.ring(),
      offsetOutOfRange: (state) => this.#positions.outOfRange(state),
      renewed: (state) => this.#positions.renewed(state),
      truncated: (state, offset, epoch) => this.#positions.truncated(state, offset, epoch),
      failed: (state, error) => this.#partitionFailed(state, error),
    });
    const { system } = cluster;
    const { groupId, readCommitted, offsetReset } = settings;
    if (groupId !== undefined) {
      this.#offsets = new GroupOffsets(cluster, groupId, {
        identity: () => this.#membership.identity(),
        refused: (error) => this.#membership.refused(error),
      });
      this.#commits = new OffsetCommits(cluster, groupId, this.#offsets, this.#subscription, {
        identity: () => this.#membership.identity(),
        isJoining: () => this.#membership.phase === 'rebalancing',
        refused: (error) => this.#membership.refused(error),
        troubled: (error) => this.#troubled(error),
        committed: interceptors && ((offsets) => interceptors.committed(offsets)),
      });
    }
    this.#positions = new PositionFinder(
      cluster,
      { resetTimestamp: () => resetTimestamp(offsetReset, system.clock.now()), readCommitted },
      this.#subscription,
      this.#offsets,
      {
        moved: () => this.#moved(),
        failed: (state, error) => this.#partitionFailed(state, error),
        waiting: (error) => {
          this.#lastError = error;
        },
        troubled: (error) => this.#troubled(error),
      },
    );
    this.#membership = this.#makeMembership();
    const { clock } = cluster.system;
    this.#pollWatch = new PollWatch(
      clock,
      () => this.#delivery.watched(),
      settings.maxPollIntervalMs,
      () => this.#pollOverdue(),
    );
    this.#unwatch = cluster.onMetadata(() => this.#fetch());
    this.#unkeep = cluster.keep(() => this.#subscription.topics());
    settings.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (settings.signal?.aborted === true) this.#onAbort();
  }

  /** Records one by one; see the class for what finishing one means. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumedRecord<K, V, Topics>> {
    return this.#delivery.main.records() as AsyncIterableIterator<never>;
  }

  /**
   * Records of one partition at a time, as many as were fetched together. A batch is finished when
   * the loop asks for the next; `commit(record)` finishes it up to that record.
   */
  batches(): AsyncIterableIterator<ConsumedBatch<K, V, Topics>> {
    return this.#delivery.main.batches() as AsyncIterableIterator<never>;
  }

  /**
   * A stream for each partition, as it is assigned; each is read by a loop of its own, beside the
   * others, and ends when its partition goes away. Not to be mixed with other loops.
   */
  partitions(): AsyncIterableIterator<ConsumedStream<K, V, Topics>> {
    const streams = partitionStreams(this.#delivery, this.#subscription, () => this.#asked());
    return streams as AsyncIterableIterator<never>;
  }

  /**
   * Calls a handler for each record or batch, of up to `partitionsConsumedConcurrently` partitions
   * at the same time, each partition in its order. Resolves when the consumer is closed; fails
   * with what a handler throws, after the others have come to rest: what it had comes again.
   */
  async run(options: RunOptions<K, V, Topics>): Promise<void> {
    await runLoops(this.#delivery, options as object as RunOptions<K, V>);
  }

  /**
   * Joins the group and begins to fetch; iterating does so by itself. Resolves with the first
   * assignment, which may be empty; fails with what keeps the consumer from joining.
   */
  start(): Promise<void> {
    if (this.#started === undefined) {
      this.#started = new Promise((resolve, reject) => {
        this.#hasAssignment = resolve;
        this.#startFailed = reject;
      });
      // Iterating starts without anyone waiting here; the loop is told of the error, too.
      this.#started.catch(() => undefined);
      if (this.#closing !== undefined) {
        this.#startFailed(closedError());
      } else {
        this.#membership.start();
        this.#pollWatch.start();
        if (this.#settings.autoCommit) {
          this.#commits?.startTimer(this.#settings.autoCommitIntervalMs);
        }
      }
    }
    return this.#started;
  }

  /**
   * Commits and waits for the answer. Without an argument: everything the loop has finished. With
   * a record or batch: everything of its partition up to and including it, which is finished
   * thereby. With offsets: exactly those. Transient failures are tried again; fails with
   * UNKNOWN_MEMBER_ID or ILLEGAL_GENERATION when the partitions belong to others by now, or did
   * since the record or batch was handed out.
   */
  async commit(what?: Committable<K, V>, options?: CommitOptions): Promise<void> {
    const commits = this.#commits;
    if (commits === undefined) throw invalid('A consumer without groupId has nowhere to commit.');
    if (this.#closing !== undefined) throw closedError();
    if (what === undefined) return await commits.finished(undefined, options);
    if (isList(what)) return await commits.exactly(what, options);
    const { topic, partition } = what;
    const next = nextOffset(what);
    const state = stateOf(this.#settings.groupId, this.#subscription, what);
    state.finishUpTo(next);
    const leaderEpoch = 'leaderEpoch' in what ? what.leaderEpoch : state.positionEpoch;
    await commits.exactly([{ topic, partition, offset: next, leaderEpoch }], options);
  }

  /**
   * What committing would write, and in whose name: the offsets behind a record or batch, exactly
   * these offsets, or those behind everything handed out. `tx.sendOffsets(consumer, …)` commits
   * them with a transaction (KIP-447). Fails with ILLEGAL_GENERATION when the partition belongs
   * to others by now, or did since the loop was given what it works on; UNKNOWN_MEMBER_ID while
   * this is no member of the group.
   */
  offsetsToCommit(what?: Committable<K, V>): OffsetsToCommit {
    const { groupId } = this.#settings;
    if (groupId === undefined) throw invalid('A consumer without groupId has nowhere to commit.');
    const { lost } = this.#delivery;
    return offsetsToCommit(groupId, this.#membership.identity(), this.#subscription, what, lost);
  }

  /** Whether it commits by itself (`commit: 'auto'`). */
  get autoCommit(): boolean {
    return this.#settings.autoCommit && this.#settings.groupId !== undefined;
  }

  /**
   * For loops that work on several records at once: the record is not finished by asking for the
   * next, but when the returned function is called. Commits go up to the first unfinished record
   * of a partition, and a partition is given up only when none is left of it.
   */
  defer(record: ConsumerRecord<K, V>): () => void {
    const state = this.#subscription.get(record.topic, record.partition);
    if (state === undefined) throw givenUp(record.topic, record.partition, this.#settings.groupId);
    const finish = state.defer(record.offset);
    return () => {
      finish();
      this.#delivery.ring();
    };
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** The partitions this consumer reads now, sorted; those of `assign` from the beginning. */
  assignment(): TopicPartition[] {
    return this.#subscription.assignment();
  }

  /** Hands out and fetches nothing of these (of all) until `resume`. */
  pause(partitions?: readonly TopicPartition[]): void {
    for (const state of this.#subscription.select(partitions)) state.paused = true;
    this.#delivery.interrupt();
  }

  resume(partitions?: readonly TopicPartition[]): void {
    for (const state of this.#subscription.select(partitions)) state.paused = false;
    this.#delivery.interrupt();
    this.#fetch();
  }

  paused(): TopicPartition[] {
    return this.assignment().filter((each) => this.#subscription.need(each).paused);
  }

  /**
   * Goes on at these offsets. What was fetched of the partitions is dropped; a record at hand
   * counts as finished. Fails with INVALID_ARGUMENT for partitions that are not assigned.
   */
  seek(to: TopicPartitionOffset | readonly TopicPartitionOffset[]): void {
    const targets = isList(to) ? to : [to];
    const wrong = targets.find(({ offset }) => !Number.isSafeInteger(offset) || offset < 0);
    if (wrong !== undefined) throw invalid(`${wrong.offset} is no offset: see seekToEnd.`);
    for (const target of targets) {
      const state = this.#subscription.need(target);
      state.moveTo({ offset: target.offset, leaderEpoch: target.leaderEpoch ?? -1 });
    }
    this.#moved();
  }

  /** Goes to the first record there is; resolves when its offset is known. */
  async seekToBeginning(partitions?: readonly TopicPartition[]): Promise<void> {
    await this.seekToTimestamp(earliestTimestamp, partitions);
  }

  /** Goes behind the last record there is; resolves when its offset is known. */
  async seekToEnd(partitions?: readonly TopicPartition[]): Promise<void> {
    await this.seekToTimestamp(latestTimestamp, partitions);
  }

  /** Goes to the first record of that time (milliseconds since 1970) or later, else to the end. */
  async seekToTimestamp(timestamp: number, partitions?: readonly TopicPartition[]): Promise<void> {
    const states = this.#subscription.select(partitions);
    for (const state of states) state.resetTo(timestamp);
    this.#moved();
    this.#positions.wake();
    await Promise.all(states.map((state) => this.#positions.settled(state)));
  }

  /** The next offset to be handed out; waits until it is known. */
  async position(of: TopicPartition): Promise<number> {
    const state = this.#subscription.need(of);
    this.#positions.wake();
    await this.#positions.settled(state);
    if (state.hasPosition) return state.position;
    const { topic, partition } = of;
    throw state.problem ?? new KafkaError('NO_OFFSET', undefined, { topic, partition });
  }

  /** What the group has committed for these (for all assigned); without an offset: left out. */
  async committed(
    of: readonly TopicPartition[] = this.assignment(),
    options?: CommitOptions,
  ): Promise<TopicPartitionOffset[]> {
    if (this.#offsets === undefined) throw invalid('A consumer without groupId has no commits.');
    return await this.#offsets.fetch(of, this.#settings.readCommitted, options);
  }

  /** How many offsets lie between the position and the end, asked of the leader. */
  async lag(of: TopicPartition): Promise<number> {
    const position = await this.position(of);
    const questions = [{ topic: of.topic, partition: of.partition, timestamp: latestTimestamp }];
    const answers = await lookUpOffsets(this.#cluster, questions, this.#settings);
    const end = answers.get(partitionKey(of))?.offset ?? position;
    return Math.max(0, end - position);
  }

  /** What the consumer is doing, and why nothing comes. Costs no request. */
  health(): ConsumerHealth {
    return healthOf({
      now: this.#cluster.system.clock.monotonic(),
      groupId: this.#settings.groupId,
      membership: this.#membership,
      subscription: this.#subscription,
      isStarted: this.#started !== undefined,
      isClosed: this.#closing !== undefined,
      isPolling: this.#delivery.isPolling,
      hasPolled: this.#delivery.hasPolled,
      lastPollAt: this.#started === undefined ? undefined : this.#pollWatch.lastPollAt,
      failure: this.#delivery.failure,
      lastError: this.#lastError,
    });
  }

  /**
   * Has the group share out its partitions anew (KIP-568), for assignors of your own whose wishes
   * have changed; `reason` is told to the coordinator. Comes into effect in the background, at
   * most once for all calls until then. Without effect in the `groupProtocol` `consumer`; fails
   * with INVALID_ARGUMENT without a group.
   */
  enforceRebalance(reason = 'the application asks for it'): void {
    if (this.#membership.generationId < 0 && this.#membership.memberId === '') {
      throw invalid('This consumer is no member of a group whose partitions could be shared out.');
    }
    this.#membership.rejoin(reason);
  }

  /**
   * Commits what the loop has finished, leaves the group and lets go of everything. A loop that
   * waits ends. Quick also when the cluster is away, and never fails.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: CloseOptions): Promise<void> {
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    this.#pollWatch.stop();
    this.#commits?.stopTimer();
    this.#unwatch();
    this.#unkeep();
    this.#fetcher.stop();
    this.#positions.stop();
    this.#delivery.close();
    this.#startFailed(closedError());
    const isMember = this.#started !== undefined && this.#membership.identity() !== undefined;
    if (this.#settings.autoCommit && isMember) {
      const { timeoutMs = closingCommitMs } = options;
      await this.#commits?.finishedQuietly(undefined, { timeoutMs });
    }
    await this.#membership.close(options.groupMembershipOperation);
    this.#subscription.remove(this.assignment());
    this.#buffer.clear();
    this.#cluster.release();
  }

  #makeMembership(): Membership {
    const settings = this.#settings;
    const host = new Rebalance({
      groupId: settings.groupId,
      subscription: this.#subscription,
      buffer: this.#buffer,
      loop: this.#delivery,
      commits: settings.autoCommit ? this.#commits : undefined,
      commitTimeoutMs: revocationCommitMs,
      hooks: settings,
      isGivenUp: () =>
        this.#isExpelled ||
        this.#closing !== undefined ||
        this.#membership.identity() === undefined,
      changed: () => this.#assignmentChanged(),
      failed: (error) => this.#failed(error),
      troubled: (error) => this.#troubled(error),
    });
    return membershipFor(this.#cluster, settings, host);
  }

  #asked(): void {
    void this.start();
    this.#isExpelled = false;
    this.#membership.asked();
  }

  #assignmentChanged(): void {
    this.#delivery.interrupt();
    this.#positions.wake();
    this.#fetcher.wake();
    this.#hasAssignment();
  }

  /** Positions have been changed by the application. */
  #moved(): void {
    this.#buffer.sweep();
    this.#delivery.interrupt();
    this.#fetch();
  }

  /** Positions may be set before the consumer begins; records are not fetched before. */
  #fetch(): void {
    if (this.#started !== undefined) this.#fetcher.wake();
  }

  #pollOverdue(): void {
    // Without a group nobody waits for these partitions.
    if (this.#membership.identity()?.memberId === '') return;
    const { maxPollIntervalMs, groupId } = this.#settings;
    this.#isExpelled = true;
    this.#troubled(pollTimeout(maxPollIntervalMs, groupId));
    this.#membership.expel();
    this.#delivery.interrupt();
  }

  #partitionFailed(state: PartitionState, error: KafkaError): void {
    this.#lastError = error;
    this.#delivery.failPartition(state, error);
  }

  #failed(error: KafkaError): void {
    this.#lastError = error;
    this.#delivery.fail(error);
    this.#startFailed(error);
  }

  #troubled(error: KafkaError): void {
    this.#lastError = error;
    reportTrouble(error, this.#settings.onError, this.#cluster.logger);
  }
}

function isList<T>(what: T | readonly T[] | object): what is readonly T[] {
  return Array.isArray(what);
}

function closedError(): KafkaError {
  return new KafkaError('CLOSED', 'The consumer has been closed.');
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
