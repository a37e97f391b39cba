import { KafkaError } from '../../../errors/index.js';
import { Alarm } from '../../../network/index.js';
import type { Cluster } from '../../cluster/index.js';
import { asKafkaError } from '../offset-lookup.js';
import { AcquireLimit } from './acquire-limit.js';
import { type AcquiredRecord, type SharePartition, sharePartitionKey } from './acquired-record.js';
import { HeldRecords } from './held-records.js';
import type { ShareConsumerSettings } from './share-consumer-settings.js';
import { ShareExchange } from './share-exchange.js';
import { finalEpoch } from './share-requests.js';
import { ShareSource } from './share-source.js';

/** What a fetcher asks of its consumer, and tells it. */
export interface ShareFetcherHost {
  readonly memberId: string;
  /** Whether a loop wants records. */
  isAsking(): boolean;
  /** Records have come, or gone. */
  changed(): void;
  /** Nothing will come any more. */
  failed(error: KafkaError): void;
  troubled(error: KafkaError): void;
}

/** Acknowledgements wait so long for a fetch to travel with. */
const lingerMs = 50;
/** Closing waits so long for the last acknowledgements at each broker. */
const closingMs = 5000;

/**
 * Acquires records from the leaders of the assigned partitions and acknowledges them there: one
 * share session with each broker, on a connection of its own, one request at a time.
 * Acknowledgements travel with the next fetch, or alone when none is wanted. No more is acquired
 * than the loop can work through (`AcquireLimit`).
 */
export class ShareFetcher {
  readonly held: HeldRecords;
  readonly limit: AcquireLimit;
  readonly #cluster: Cluster;
  readonly #host: ShareFetcherHost;
  readonly #lane: string;
  readonly #exchange: ShareExchange;
  readonly #sources = new Map<number, ShareSource>();
  readonly #alarm: Alarm;
  readonly #abort = new AbortController();
  readonly #unwatch: () => void;
  #assigned: readonly SharePartition[] = [];
  #isClosing = false;
  #isPumpDue = false;

  constructor(
    cluster: Cluster,
    settings: ShareConsumerSettings<unknown, unknown>,
    host: ShareFetcherHost,
    held: HeldRecords,
  ) {
    this.#cluster = cluster;
    this.#host = host;
    this.held = held;
    this.limit = new AcquireLimit(settings.maxPollRecords);
    this.#lane = cluster.lane('share-fetch');
    const signal = this.#abort.signal;
    const exchangeHost = {
      memberId: host.memberId,
      isAmple: () => this.limit.isAmple(this.lockMs),
      partitionFailed: (source: ShareSource, error: KafkaError) =>
        this.#partitionFailed(source, error),
      changed: () => host.changed(),
      troubled: (error: KafkaError) => host.troubled(error),
    };
    const via = { lane: this.#lane, signal };
    this.#exchange = new ShareExchange(cluster, settings, held, exchangeHost, via);
    this.#alarm = new Alarm(cluster.system.clock, () => this.pump());
    this.#unwatch = cluster.onMetadata(() => this.pump());
  }

  get assigned(): readonly SharePartition[] {
    return this.#assigned;
  }

  /** How long a lock lasts, in ms, as the broker said last. */
  get lockMs(): number | undefined {
    return this.#exchange.lockMs;
  }

  assign(partitions: readonly SharePartition[]): void {
    // What is locked already stays ours until it is settled: others may read beside us.
    this.#assigned = partitions;
    this.pump();
  }

  /** Gives back what no loop has been given yet. */
  releaseBuffered(): void {
    for (const record of this.held.takeBuffered()) this.note(record, 'release');
    this.pump();
  }

  /** Notes what is to be said about a record; it is sent soon. */
  note(record: AcquiredRecord, type: 'accept' | 'release' | 'reject' | 'renew'): void {
    const now = this.#now;
    if (type === 'renew') this.held.renew(record);
    else {
      const tellsPace = record.state === 'delivered' && !record.wasRenewed;
      if (tellsPace) this.limit.settled(record.deliveredAt, now);
      this.held.settle(record);
    }
    this.#source(record.broker).note(record.of, record.offset, type, record, now);
  }

  /** Sends what waits without waiting for a fetch. */
  press(): void {
    for (const source of this.#sources.values()) if (source.hasPending) source.isPressed = true;
    this.pump();
  }

  /** Looks what there is to be sent, once for all that happens in this turn. */
  pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#cluster.system.clock.soon(() => this.pump());
  }

  /** Looks what there is to be sent. */
  pump(): void {
    this.#isPumpDue = false;
    if (this.#isClosing) return;
    const now = this.#now;
    this.#sweep(now);
    const byLeader = this.#byLeader();
    for (const broker of byLeader.keys()) this.#source(broker);
    const free = [...this.#sources.values()].filter((source) => {
      if (source.isBusy) return false;
      if (source.retryAt > now) this.#alarm.ringAt(source.retryAt);
      return source.retryAt <= now;
    });
    // What a fetch names it fetches: words about other partitions go before it, on their own.
    const alone = new Set(
      free.filter((each) => each.hasRenewals || each.hasStrays(byLeader.get(each.broker) ?? [])),
    );
    const fetching = free.filter((source) => byLeader.has(source.broker) && !alone.has(source));
    const shares = this.#shares(fetching);
    for (const source of free) {
      const maxRecords = shares.get(source) ?? 0;
      if (maxRecords > 0) {
        this.#run(source, () =>
          this.#exchange.fetch(source, byLeader.get(source.broker) ?? [], maxRecords),
        );
        source.reserved = maxRecords;
      } else if (source.hasPending) {
        const due = source.waitingSince + lingerMs;
        if (source.isPressed || alone.has(source) || due <= now) {
          this.#run(source, () => this.#exchange.acknowledge(source, source.session.epoch));
        } else this.#alarm.ringAt(due);
      }
    }
  }

  /** Releases what is locked, sends what waits, closes the sessions. Never fails. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#unwatch();
    this.#alarm.cancel();
    this.#releaseAll();
    const { clock } = this.#cluster.system;
    const timer = clock.after(closingMs, () => this.#abort.abort());
    await Promise.all([...this.#sources.values()].map((source) => this.#end(source)));
    timer.cancel();
    this.held.loseAll(new KafkaError('CLOSED', 'The consumer has been closed.'));
    this.#cluster.closeLane(this.#lane);
  }

  async #end(source: ShareSource): Promise<void> {
    await source.idle;
    this.#releaseAll();
    if (!source.session.isOpen || this.#abort.signal.aborted) {
      this.#exchange.fail(source.take(), new KafkaError('CLOSED', 'The consumer has been closed.'));
      return;
    }
    this.#run(source, () => this.#exchange.acknowledge(source, finalEpoch));
    await source.idle;
  }

  #releaseAll(): void {
    for (const record of this.held.unsettled()) {
      this.held.unbuffer(record);
      this.note(record, 'release');
    }
  }

  get #now(): number {
    return this.#cluster.system.clock.monotonic();
  }

  #source(broker: number): ShareSource {
    let source = this.#sources.get(broker);
    if (source === undefined) {
      source = new ShareSource(broker);
      this.#sources.set(broker, source);
    }
    return source;
  }

  /** What each leader is to be asked about. */
  #byLeader(): Map<number, SharePartition[]> {
    const byLeader = new Map<number, SharePartition[]>();
    let isUnknown = false;
    for (const of of this.#assigned) {
      const leader = this.#leader(of);
      if (leader === undefined) {
        isUnknown = true;
        continue;
      }
      const list = byLeader.get(leader);
      if (list === undefined) byLeader.set(leader, [of]);
      else list.push(of);
    }
    if (isUnknown && this.#assigned.length > 0) this.#cluster.refreshSoon('a leader is not known');
    return byLeader;
  }

  #leader({ topic, partition }: SharePartition): number | undefined {
    const leader = this.#cluster.topic(topic)?.partitions[partition]?.leader ?? -1;
    return leader < 0 ? undefined : leader;
  }

  /** How many records each broker may be asked for now. */
  #shares(sources: readonly ShareSource[]): Map<ShareSource, number> {
    const shares = new Map<ShareSource, number>();
    const limit = this.limit.current(this.lockMs, this.held.oldestDelivery(), this.#now);
    if (!this.#host.isAsking() || this.held.buffered > limit / 2) return shares;
    const { open, renewedOpen } = this.held;
    let room = Math.min(limit - (open - renewedOpen), this.limit.max - open);
    for (const { reserved } of this.#sources.values()) room -= reserved;
    for (const [index, source] of sources.entries()) {
      const share = Math.ceil(room / (sources.length - index));
      if (share <= 0) break;
      shares.set(source, share);
      room -= share;
    }
    return shares;
  }

  /** Drops what is not ours any more: locks that ended, leaders that moved. */
  #sweep(now: number): void {
    const overdue = this.held.overdue(now, this.lockMs);
    for (const error of overdue) this.#host.troubled(error);
    for (const { broker, of } of this.held.partitions()) {
      const leader = this.#leader(of);
      if (leader === undefined || leader === broker) continue;
      const { topic, partition } = of;
      const text = `The leader of ${topic}-${partition} moved from broker ${broker} to ${leader}.`;
      const error = new KafkaError('NOT_LEADER_OR_FOLLOWER', text, {
        topic,
        partition,
        retriable: false,
        hint: 'What was acquired from the old one cannot be acknowledged and comes again.',
      });
      const waiting = this.#source(broker).takePartition(sharePartitionKey(of));
      if (waiting !== undefined) this.held.answered(waiting, error, undefined);
      this.held.lose((each) => each.broker === broker && each.of === of, error);
    }
    this.#alarm.ringAt(this.held.nextLockEnd());
    if (overdue.length > 0) this.#host.changed();
  }

  #run(source: ShareSource, work: () => Promise<void>): void {
    source.isBusy = true;
    source.idle = work()
      .then(
        () => {
          source.failures = 0;
        },
        (thrown: unknown) => this.#failed(source, asKafkaError(thrown)),
      )
      .then(() => {
        source.isBusy = false;
        source.reserved = 0;
        this.pump();
      });
  }

  /** The session is gone, and with it the locks that were taken in it. */
  #failed(source: ShareSource, error: KafkaError): void {
    source.session.reset();
    const label = this.#cluster.brokerLabel(source.broker);
    const text = `The share session with ${label} is over: ${error.message}`;
    const options = { ...error.context, broker: label, cause: error, retriable: error.retriable };
    const lost = new KafkaError(error.code, text, options);
    this.#exchange.fail(source.take(), lost);
    const count = this.held.lose(({ broker }) => broker === source.broker, lost);
    if (this.#isClosing) return;
    source.retryAt = this.#now + this.#cluster.retryBackoff(source.failures++);
    if (!passes(error)) this.#host.failed(error);
    else if (count > 0) this.#host.troubled(lost);
    this.#cluster.refreshSoon('a share session is over');
    this.#host.changed();
  }

  #partitionFailed(source: ShareSource, error: KafkaError): void {
    if (!passes(error)) {
      this.#host.failed(error);
      return;
    }
    source.retryAt = this.#now + this.#cluster.retryBackoff(source.failures++);
    this.#cluster.refreshSoon(error.message);
    this.#cluster.logger.debug('a share fetch failed and is tried again', {
      message: error.message,
    });
  }
}

/** Whether trying again may help; what a broker cannot explain is tried again, as in Java. */
function passes(error: KafkaError): boolean {
  return error.retriable || passing.has(error.code);
}

const passing: ReadonlySet<string> = new Set([
  'UNKNOWN_SERVER_ERROR',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'FENCED_LEADER_EPOCH',
  'FENCED_STATE_EPOCH',
]);
