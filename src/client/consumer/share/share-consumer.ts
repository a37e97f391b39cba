import { KafkaError } from '../../../errors/index.js';
import type { Cluster } from '../../cluster/index.js';
import type { AnyTopics } from '../../topic-map.js';
import { ConsumerInterceptors } from '../consumer-interceptors.js';
import type { TopicPartition } from '../consumer-options.js';
import { DeliveryIterator } from '../delivery-iterator.js';
import { asKafkaError } from '../offset-lookup.js';
import { pollTimeout, PollWatch } from '../poll-watch.js';
import { RecordMaker } from '../record-maker.js';
import { reportTrouble } from '../report-trouble.js';
import { sortedPartitions } from '../topic-partitions.js';
import type { AcquiredRecord } from './acquired-record.js';
import { HeldRecords } from './held-records.js';
import {
  type ShareConsumerHealth,
  type ShareConsumerState,
  shareReason,
} from './share-consumer-health.js';
import type {
  AcknowledgementResult,
  AcknowledgeType,
  ShareConsumerOptions,
} from './share-consumer-options.js';
import { type ShareConsumerSettings, shareConsumerSettings } from './share-consumer-settings.js';
import { ShareFetcher } from './share-fetcher.js';
import { ShareLoop, type Taken } from './share-loop.js';
import { ShareMembership } from './share-membership.js';
import { ShareRecord } from './share-record.js';
import { ShareTaker } from './share-taker.js';
import type { SharedBatch, SharedRecord } from './share-topic-records.js';

/**
 * A member of a share group (KIP-932): Kafka as a queue. The group's members share the records,
 * whatever the partitions; each record is locked for one of them, until it is accepted, released,
 * rejected, or its lock ends, and it comes again a limited number of times.
 *
 * Asking for the next record accepts the one before (`implicit`), or each record is settled by
 * `accept`, `release`, `reject` (`explicit`), in any order. A loop left by `break` or `throw`
 * releases what it had at hand. Several loops over one consumer work side by side.
 *
 * Follows Kafka's `KafkaShareConsumer`, whose `poll` gives many records at a time: what is said
 * there of all records of a poll holds here for the record at hand.
 */
export class ShareConsumer<K = Buffer | null, V = Buffer | null, Topics extends object = AnyTopics>
  implements AsyncIterable<SharedRecord<K, V, Topics>>, AsyncDisposable
{
  readonly #cluster: Cluster;
  readonly #settings: ShareConsumerSettings<K, V>;
  readonly #maker: RecordMaker<K, V>;
  readonly #held: HeldRecords;
  readonly #fetcher: ShareFetcher;
  readonly #membership: ShareMembership;
  readonly #pollWatch: PollWatch;
  readonly #taker: ShareTaker<K, V>;
  readonly #loops = new Set<ShareLoop<unknown>>();
  /** Which lock belongs to what the application was given. */
  readonly #acquired = new WeakMap<ShareRecord<K, V>, AcquiredRecord>();
  readonly #onAbort = (): void => void this.close();
  #isStarted = false;
  #failure: KafkaError | undefined;
  #lastError: KafkaError | undefined;
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ShareConsumerOptions<K, V>) {
    const settings = shareConsumerSettings(options);
    this.#cluster = cluster;
    this.#settings = settings;
    cluster.retain();
    const { clock } = cluster.system;
    const { keyDeserializer: key, valueDeserializer: value, interceptors } = settings;
    const intercepting = interceptors && new ConsumerInterceptors(interceptors, cluster.logger);
    this.#maker = new RecordMaker(key, value, intercepting);
    this.#held = new HeldRecords(clock, (result) => this.#answered(result));
    this.#taker = new ShareTaker(this.#held, {
      make: (record) => this.#make(record),
      unmade: (record) => this.#release(record),
    });
    this.#membership = new ShareMembership(cluster, settings, {
      assigned: (partitions) => this.#fetcher.assign(partitions),
      expelled: () => this.#fetcher.releaseBuffered(),
      failed: (error) => this.#failed(error),
      troubled: (error) => this.#troubled(error),
    });
    this.#fetcher = new ShareFetcher(
      cluster,
      settings as ShareConsumerSettings<unknown, unknown>,
      {
        memberId: this.#membership.memberId,
        isAsking: () => this.#loops.size > 0 && this.#failure === undefined,
        changed: () => this.#ring(),
        failed: (error) => this.#failed(error),
        troubled: (error) => this.#troubled(error),
      },
      this.#held,
    );
    const watched = () => [...this.#loops].filter(({ atHand }) => atHand.length > 0);
    const overdue = () => this.#pollOverdue();
    this.#pollWatch = new PollWatch(clock, watched, settings.maxPollIntervalMs, overdue);
    settings.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (settings.signal?.aborted === true) this.#onAbort();
  }

  /** Records one by one; see the class for what becomes of each. */
  [Symbol.asyncIterator](): AsyncIterableIterator<SharedRecord<K, V, Topics>> {
    return this.#loop(() => this.#taker.record()) as AsyncIterableIterator<never>;
  }

  /**
   * Records of one partition at a time, as many as are here. Asking for the next batch accepts the
   * one before as a whole (`implicit`), or each record of it is settled by hand (`explicit`). All
   * locks of a batch run at the same time: `maxPollRecords` bounds how many there are.
   */
  batches(): AsyncIterableIterator<SharedBatch<K, V, Topics>> {
    return this.#loop(() => this.#taker.batch()) as AsyncIterableIterator<never>;
  }

  #loop<T>(next: () => Taken<T> | undefined): AsyncIterableIterator<T> {
    const loop: ShareLoop<T> = new ShareLoop<T>({
      next,
      finished: (records) => this.#finished(records),
      asked: () => this.#asked(loop),
      left: (records) => {
        this.#loops.delete(loop);
        // In explicit mode whoever has the records may still settle them.
        if (this.#settings.isExplicit) return;
        for (const record of records) this.#release(record);
      },
      isOver: () => this.#closing !== undefined,
      failure: () => this.#failure,
    });
    return new DeliveryIterator(loop);
  }

  /** The record is done with: nobody is given it again. */
  accept(record: ShareRecord<K, V>): void {
    this.acknowledge(record, 'accept');
  }

  /** The record comes again, here or elsewhere, until its deliveries are used up. */
  release(record: ShareRecord<K, V>): void {
    this.acknowledge(record, 'release');
  }

  /** The record is no good: nobody is given it again. */
  reject(record: ShareRecord<K, V>): void {
    this.acknowledge(record, 'reject');
  }

  /** The record's lock begins anew when the broker has heard of it (KIP-1222, Kafka 4.2). */
  renew(record: ShareRecord<K, V>): void {
    this.acknowledge(record, 'renew');
  }

  /**
   * Says what becomes of a record; sent soon, with the next fetch or alone. Where it goes wrong
   * (the lock has ended, the leader has moved) `onAcknowledged`, `commit` and `onError` tell. Fails
   * with INVALID_RECORD_STATE for a record that is settled already, and with INVALID_ARGUMENT
   * where the acknowledgement mode is implicit, as in Java.
   */
  acknowledge(record: ShareRecord<K, V>, type: AcknowledgeType = 'accept'): void {
    const { topic, partition, offset } = record;
    const about = { topic, partition, offset };
    if (!this.#settings.isExplicit) {
      const text = 'This consumer acknowledges by itself what its loop has finished.';
      const hint = "To do it yourself set acknowledgementMode to 'explicit'.";
      throw new KafkaError('INVALID_ARGUMENT', text, { hint });
    }
    const acquired = this.#acquired.get(record);
    if (acquired === undefined || acquired.state === 'done' || acquired.state === 'settled') {
      const text =
        acquired === undefined
          ? 'This record was not given by this consumer.'
          : 'This record has been acknowledged already.';
      throw new KafkaError('INVALID_RECORD_STATE', text, { ...about, retriable: false });
    }
    if (acquired.state === 'lost') {
      const error = acquired.lostBy ?? new KafkaError('INVALID_RECORD_STATE', undefined, about);
      acquired.state = 'done';
      this.#held.counters.failed++;
      this.#answered({ topic, partition, offsets: [offset], error });
      return;
    }
    this.#fetcher.note(acquired, type);
    this.#fetcher.pumpSoon();
  }

  /**
   * Sends what has been settled and waits for the answers; in implicit mode the record at hand is
   * accepted thereby. Gives what became of each partition's records, failures among them; fails
   * with ABORTED or REQUEST_TIMEOUT when the wait is cut short (Kafka's `commitSync`).
   */
  async commit(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<AcknowledgementResult[]> {
    if (this.#closing !== undefined) throw closedError();
    if (!this.#settings.isExplicit) {
      for (const { atHand } of this.#loops) {
        this.#finished(atHand);
      }
    }
    const settled = this.#held.settled();
    this.#fetcher.press();
    const timeoutMs = options.timeoutMs ?? this.#cluster.options.apiTimeoutMs;
    const over = new AbortController();
    const signals = [over.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const late = this.#cluster.delay(timeoutMs, AbortSignal.any(signals)).then(() => {
      const text = `The acknowledgements were not answered within ${timeoutMs} ms.`;
      throw new KafkaError('REQUEST_TIMEOUT', text, { group: this.#settings.groupId });
    });
    try {
      return await Promise.race([settled, late]);
    } finally {
      late.catch(() => undefined);
      over.abort();
    }
  }

  /** The partitions this member is assigned now, sorted; others may be assigned them, too. */
  assignment(): TopicPartition[] {
    const places = this.#fetcher.assigned.map(({ topic, partition }) => ({ topic, partition }));
    return sortedPartitions(places);
  }

  /** How long a lock lasts, in ms; undefined before the first answer of a broker. */
  get acquisitionLockTimeoutMs(): number | undefined {
    return this.#fetcher.lockMs;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** What the consumer is doing, and why nothing comes. Costs no request. */
  health(): ShareConsumerHealth {
    const now = this.#cluster.system.clock.monotonic();
    const held = this.#held;
    const { memberId, memberEpoch, lastHeartbeatAt } = this.#membership;
    const state = this.#state();
    const assignment = this.assignment();
    const lastPollAt = this.#isStarted ? this.#pollWatch.lastPollAt : undefined;
    return {
      state,
      reason: shareReason(state, {
        isPolling: [...this.#loops].some(({ isPolling }) => isPolling),
        buffered: held.buffered,
        assigned: assignment.length,
        failure: this.#failure,
      }),
      groupId: this.#settings.groupId,
      memberId,
      memberEpoch,
      assignment,
      bufferedRecords: held.buffered,
      acquiredRecords: held.open,
      unansweredAcknowledgements: held.unanswered,
      acquireLimit: this.#fetcher.limit.current(this.#fetcher.lockMs),
      acquisitionLockTimeoutMs: this.#fetcher.lockMs ?? null,
      lastPollAgeMs: lastPollAt === undefined ? null : now - lastPollAt,
      lastHeartbeatAgeMs: lastHeartbeatAt === undefined ? null : now - lastHeartbeatAt,
      counters: { ...held.counters },
      fetches: held.fetches,
      acknowledges: held.acknowledges,
      lastError: this.#lastError ?? null,
    };
  }

  /**
   * Sends what has been settled, releases everything else that is locked, leaves the group. A loop
   * that waits ends. Quick also when the cluster is away, and never fails.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    this.#pollWatch.stop();
    this.#ring();
    await this.#fetcher.close();
    await this.#membership.close();
    this.#cluster.release();
  }

  #state(): ShareConsumerState {
    if (this.#failure !== undefined) return 'failed';
    if (this.#closing !== undefined) return 'closed';
    if (!this.#isStarted) return 'idle';
    const { phase } = this.#membership;
    return phase === 'over' ? 'closed' : phase;
  }

  #asked(loop: ShareLoop<unknown>): void {
    if (this.#closing !== undefined) return;
    this.#loops.add(loop);
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#membership.start();
      this.#pollWatch.start();
    }
    this.#membership.asked();
    this.#fetcher.pumpSoon();
  }

  #make(acquired: AcquiredRecord): ShareRecord<K, V> {
    const { of, view, leaderEpoch, deliveryCount } = acquired;
    const record = new ShareRecord(this.#maker.make(of, view, leaderEpoch), deliveryCount);
    this.#acquired.set(record, acquired);
    return record;
  }

  #finished(records: readonly AcquiredRecord[]): void {
    if (this.#settings.isExplicit) return;
    for (const record of records) {
      if (record.state === 'delivered') this.#fetcher.note(record, 'accept');
    }
  }

  #release(record: AcquiredRecord): void {
    if (record.state === 'delivered') this.#fetcher.note(record, 'release');
    this.#fetcher.pumpSoon();
  }

  #pollOverdue(): void {
    const { maxPollIntervalMs, groupId } = this.#settings;
    this.#troubled(pollTimeout(maxPollIntervalMs, groupId));
    this.#membership.expel();
  }

  #answered(result: AcknowledgementResult): void {
    const { onAcknowledged } = this.#settings;
    if (result.error !== null) this.#troubled(result.error);
    if (onAcknowledged === undefined) return;
    try {
      onAcknowledged(result);
    } catch (thrown) {
      const { message } = asKafkaError(thrown);
      this.#cluster.logger.error(`onAcknowledged failed: ${message}`, { topic: result.topic });
    }
  }

  #ring(): void {
    for (const loop of this.#loops) loop.bell.ring();
  }

  #failed(error: KafkaError): void {
    this.#lastError = error;
    this.#failure ??= error;
    this.#ring();
  }

  #troubled(error: KafkaError): void {
    this.#lastError = error;
    reportTrouble(error, this.#settings.onError, this.#cluster.logger);
  }
}

function closedError(): KafkaError {
  return new KafkaError('CLOSED', 'The consumer has been closed.');
}
