import type { KafkaError } from '../../errors/index.js';
import { Alarm } from '../../network/index.js';
import { asyncFrom, isCodecLoaded } from '../../records/index.js';
import type { Clock } from '../../system/index.js';
import type { Cluster } from '../cluster/index.js';
import { markerBackoff } from './marker-wait.js';
import type { PartitionQueue } from './partition-queue.js';
import { deliver } from './produce-request.js';
import type { ProducerBatch } from './producer-batch.js';
import type { ProducerCounters } from './producer-counters.js';
import type { ProducerInterceptors } from './producer-interceptors.js';
import type { ProducerSettings } from './producer-options.js';
import type { RecordAccumulator } from './record-accumulator.js';
import type { TransactionManager } from './transaction-manager.js';
import type { TransactionSession } from './transaction-session.js';

/** Batches of a partition that are compressed while they wait. */
const compressedAhead = 5;

export interface SenderHooks {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings<never, never>;
  readonly accumulator: RecordAccumulator;
  readonly transactions: TransactionManager;
  /** Of a transactional producer; its batches go within a transaction or not at all. */
  readonly session: TransactionSession | undefined;
  readonly counters: ProducerCounters;
  readonly interceptors: ProducerInterceptors | undefined;
  readonly lane: string;
  /** Whether somebody waits for everything to be sent (flush, close). */
  isHurried(): boolean;
}

/** Requests on their way to one broker. */
interface Destination {
  inFlight: number;
}

/**
 * Takes batches that are ready and sends them, one request for all partitions that a broker leads,
 * up to five at a time. Order in a partition is kept under every failure: a batch that comes back
 * goes before the younger ones, and goes alone, until it is settled.
 *
 * Over 400 lines because every way in which a batch can end is here, each knowing the others.
 */
export class Sender {
  readonly #hooks: SenderHooks;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #destinations = new Map<number, Destination>();
  readonly #run = () => {
    this.#isScheduled = false;
    this.#drain();
  };
  #isScheduled = false;
  #isClosed = false;
  /** The Produce messages are in memory, so that requests leave in the order they are made. */
  isReady = false;

  constructor(hooks: SenderHooks) {
    this.#hooks = hooks;
    this.#clock = hooks.cluster.system.clock;
    this.#alarm = new Alarm(this.#clock, () => this.#drain());
  }

  /** Looks for work in the next turn, so that what one turn appends goes together. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#clock.soon(this.#run);
  }

  #drain(): void {
    if (this.#isClosed) return;
    const now = this.#clock.monotonic();
    const { accumulator, settings, session } = this.#hooks;
    let next = accumulator.expireWaiting(now);
    next = Math.min(next, this.#expire(now));
    if (accumulator.active.size > 0 && this.isReady) {
      const { failure } = session ?? {};
      if (failure !== undefined) this.drop(failure);
      else if (this.#lacksIdentity()) this.#wantIdentity();
      else {
        if (settings.compression !== 'none') this.#compressAhead();
        const keptBackMs = session?.keptBackMs() ?? 0;
        if (keptBackMs > 0) next = Math.min(next, now + keptBackMs);
        else while (this.#sendRound(now)) continue;
      }
      next = Math.min(next, this.#nextMoment(now));
    }
    if (!this.#isClosed) this.#alarm.ringAt(next);
  }

  #lacksIdentity(): boolean {
    const { settings, transactions, session } = this.#hooks;
    return settings.idempotent && session === undefined && transactions.identity === undefined;
  }

  #wantIdentity(): void {
    const { transactions, accumulator } = this.#hooks;
    const { failure } = transactions;
    if (failure === undefined) {
      transactions.request();
      return;
    }
    if (failure.retriable) {
      // The records expire by their own deadlines; until then asking goes on.
      this.#hooks.cluster.logger.warn('no producer id yet', { error: failure });
      transactions.request();
      return;
    }
    for (const queue of accumulator.active) this.failWaiting(queue, failure);
    transactions.failure = undefined;
  }

  /** Gives up the batches whose delivery has taken too long; returns the next such moment. */
  #expire(now: number): number {
    let next = Infinity;
    for (const queue of this.#hooks.accumulator.active) {
      next = Math.min(
        next,
        this.#expireIn(queue.inFlight, now),
        this.#expireIn(queue.waiting, now),
      );
    }
    return next;
  }

  /** Batches stand in the order of their deadlines. */
  #expireIn(list: readonly ProducerBatch[], now: number): number {
    for (let batch = list[0]; batch !== undefined; batch = list[0]) {
      if (batch.deadline > now) return batch.deadline;
      const late = batch;
      this.fail(late, () => late.notInTime(this.#hooks.settings.deliveryTimeoutMs));
    }
    return Infinity;
  }

  /** One request to each broker that can take one; true when any was sent. */
  #sendRound(now: number): boolean {
    const groups = new Map<number, PartitionQueue[]>();
    for (const queue of this.#hooks.accumulator.active) {
      const leader = this.#leaderOf(queue);
      if (leader < 0 || !this.#isSendable(queue, leader, now)) continue;
      const group = groups.get(leader);
      if (group === undefined) groups.set(leader, [queue]);
      else group.push(queue);
    }
    let isSent = false;
    for (const [leader, queues] of groups) isSent = this.#sendTo(leader, queues, now) || isSent;
    return isSent;
  }

  #leaderOf(queue: PartitionQueue): number {
    const { cluster } = this.#hooks;
    const leader = cluster.topic(queue.topic)?.partitions[queue.partition]?.leader ?? -1;
    if (leader < 0) {
      cluster.use([queue.topic]);
      cluster.refreshSoon(`${queue.topic}-${queue.partition} has no leader`);
    }
    return leader;
  }

  #destination(leader: number): Destination {
    let destination = this.#destinations.get(leader);
    if (destination === undefined) {
      destination = { inFlight: 0 };
      this.#destinations.set(leader, destination);
    }
    return destination;
  }

  /** Whether the oldest waiting batch of the queue may and should go now. */
  #isSendable(queue: PartitionQueue, leader: number, now: number): boolean {
    const { settings } = this.#hooks;
    const head = queue.waiting[0];
    if (head === undefined) return false;
    const destination = this.#destination(leader);
    if (destination.inFlight >= settings.maxInFlight || head.retryAt > now) return false;
    if (queue.inFlight.length > 0) {
      // A batch that comes back goes alone; no batch overtakes one that went elsewhere.
      if (head.attempts > 0 || queue.inFlightTo !== leader || queue.needsNewEpoch) return false;
      if (settings.idempotent) {
        if (!queue.isKnown(now) || queue.inFlight.some((batch) => batch.attempts > 1)) return false;
      }
    }
    if (!this.#isDue(queue, head, destination, now)) return false;
    if (this.#hooks.session?.admits(queue) === false) return false;
    return this.#isBuilt(head);
  }

  #isDue(queue: PartitionQueue, head: ProducerBatch, to: Destination, now: number): boolean {
    const { settings, accumulator } = this.#hooks;
    if (head.attempts > 0 || queue.waiting.length > 1) return true;
    if (head.sizeInBytes >= settings.batchSize) return true;
    if (settings.eager && to.inFlight === 0) return true;
    if (now - head.createdAt >= settings.lingerMs) return true;
    return accumulator.isFull || this.#hooks.isHurried();
  }

  /** Full batches that are large enough for another thread are compressed before their turn. */
  #compressAhead(): void {
    for (const { waiting } of this.#hooks.accumulator.active) {
      const full = Math.min(waiting.length - 1, compressedAhead);
      for (let at = 0; at < full; at++) {
        const batch = waiting[at] as ProducerBatch;
        if (batch.builder.uncompressedSize >= asyncFrom) this.#isBuilt(batch);
      }
    }
  }

  /** Whether the bytes can be had at once; starts compressing when they cannot. */
  #isBuilt(batch: ProducerBatch): boolean {
    if (batch.bytes !== undefined) return true;
    if (batch.isBuilding) return false;
    const { builder } = batch;
    const { compression } = builder;
    if (compression === 'none') return true;
    if (builder.uncompressedSize < asyncFrom && isCodecLoaded(compression)) {
      try {
        this.#built(batch, builder.build());
      } catch (error) {
        this.fail(batch, () => batch.notCompressed(error));
        return false;
      }
      return true;
    }
    batch.isBuilding = true;
    builder.buildAsync().then(
      (bytes) => {
        this.#built(batch, bytes);
        this.schedule();
      },
      (error: unknown) => this.fail(batch, () => batch.notCompressed(error)),
    );
    return false;
  }

  #built(batch: ProducerBatch, bytes: Buffer): void {
    batch.isBuilding = false;
    batch.bytes = bytes;
    const topic = this.#hooks.accumulator.topic(batch.queue.topic);
    // Half of the news, so that one odd batch does not change much.
    topic.compressionRatio = (topic.compressionRatio + batch.builder.compressionRatio) / 2;
  }

  /** Packs the heads of the queues into one request, as many as fit. */
  #sendTo(leader: number, queues: readonly PartitionQueue[], now: number): boolean {
    const { settings, accumulator } = this.#hooks;
    const batches: ProducerBatch[] = [];
    let size = 0;
    for (const queue of queues) {
      const head = queue.waiting[0];
      if (head === undefined) continue;
      if (batches.length > 0 && size + head.sizeInBytes > settings.maxRequestSize) break;
      if (settings.idempotent && !this.#stamp(queue, head)) continue;
      queue.waiting.shift();
      head.bytes ??= head.builder.build();
      head.attempts++;
      queue.inFlight.push(head);
      queue.inFlightTo = leader;
      size += head.bytes.length;
      batches.push(head);
      // To the end of the line: every partition gets its turn.
      accumulator.active.delete(queue);
      accumulator.active.add(queue);
    }
    if (batches.length > 0) this.#send(leader, batches, now);
    return batches.length > 0;
  }

  /** Gives the batch its sequence; false while a new producer id must be waited for. */
  #stamp(queue: PartitionQueue, batch: ProducerBatch): boolean {
    const { transactions, session } = this.#hooks;
    if (session !== undefined) {
      if (!session.writing(queue)) return false;
      queue.assignSequence(batch);
      return true;
    }
    const { identity } = transactions;
    if (identity === undefined) return false;
    if (queue.inFlight.length === 0 && queue.isStale(identity) && !queue.adopt(identity)) {
      transactions.renew();
      return false;
    }
    queue.assignSequence(batch);
    return true;
  }

  #send(leader: number, batches: readonly ProducerBatch[], now: number): void {
    const destination = this.#destination(leader);
    destination.inFlight++;
    this.#hooks.counters.requests++;
    const landed = () => {
      destination.inFlight--;
      this.schedule();
    };
    const { cluster, settings, lane, session } = this.#hooks;
    const transaction = session && {
      transactionalId: session.transactionalId,
      isImplicit: session.isImplicit,
    };
    const delivery = { cluster, settings, lane, leader, batches, sentAt: now, transaction };
    deliver({ ...delivery, outcome: this }).then(landed, (error: unknown) => {
      cluster.logger.error('an answer to Produce could not be handled', { error });
      landed();
    });
  }

  /** The broker has the batch. */
  complete(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    const { queue } = batch;
    queue.landed(batch);
    if (batch.isDone) return;
    const now = this.#clock.monotonic();
    queue.acknowledged(now);
    this.#hooks.session?.written();
    batch.complete(baseOffset, logAppendTime);
    this.#hooks.interceptors?.acknowledged(batch.places);
    this.#hooks.counters.settled(batch, now, baseOffset);
    this.#settled(batch);
  }

  /** The batch goes again, after a backoff unless the new leader is known already. */
  retry(batch: ProducerBatch, error: KafkaError, atOnce = false): void {
    const { queue } = batch;
    if (this.#hooks.session?.isGivingUp === true) return this.fail(batch, () => error);
    queue.landed(batch);
    if (batch.isDone) return;
    this.#hooks.counters.recordRetries += batch.count;
    const wait = atOnce ? 0 : this.#backoff(batch, error);
    batch.lastError = error;
    batch.retryAt = this.#clock.monotonic() + wait;
    queue.requeue(batch);
    this.#hooks.accumulator.active.add(queue);
  }

  #backoff({ attempts }: ProducerBatch, { code }: KafkaError): number {
    const { cluster } = this.#hooks;
    if (code !== 'CONCURRENT_TRANSACTIONS') return cluster.retryBackoff(attempts - 1);
    return markerBackoff(attempts - 1, cluster.options.retryBackoffMs);
  }

  /** The broker refuses the batch as too large: its records go again in smaller ones (KIP-126). */
  split(batch: ProducerBatch, error: KafkaError): void {
    const { accumulator, settings } = this.#hooks;
    const { queue } = batch;
    if (batch.isDone || batch.count === 1) return this.fail(batch, () => error);
    queue.landed(batch);
    const bytes = (batch.bytes as Buffer).length;
    const limit = bytes > settings.batchSize ? settings.batchSize : Math.max(1, bytes >> 1);
    // What the broker measures is compressed; the parts are made by what they hold.
    const parts = batch.split(limit, (sizeLimit) => accumulator.builder(sizeLimit, 1));
    let memory = 0;
    for (const part of parts) {
      part.lastError = error;
      memory += part.memory;
      queue.requeue(part);
    }
    this.#hooks.counters.batchSplits++;
    accumulator.active.add(queue);
    accumulator.release(queue, batch.memory - memory);
  }

  fail(batch: ProducerBatch, errorOf: (index: number) => KafkaError): void {
    const { queue } = batch;
    queue.landed(batch);
    const at = queue.waiting.indexOf(batch);
    if (at !== -1) queue.waiting.splice(at, 1);
    if (batch.isDone) return;
    const { session, counters } = this.#hooks;
    if (batch.sequence >= 0) session?.lost(errorOf(0));
    batch.fail(errorOf);
    this.#hooks.interceptors?.failed(batch.places, errorOf);
    counters.settled(batch, this.#clock.monotonic(), -1, errorOf(0));
    this.#settled(batch);
  }

  /** Gives up everything that is not in flight. */
  drop(error: KafkaError): void {
    for (const queue of this.#hooks.accumulator.active) this.failWaiting(queue, error);
  }

  failWaiting(queue: PartitionQueue, error: KafkaError): void {
    for (const batch of [...queue.waiting]) this.fail(batch, () => error);
  }

  #settled(batch: ProducerBatch): void {
    const { queue } = batch;
    if (queue.isIdle) this.#hooks.accumulator.active.delete(queue);
    this.#hooks.accumulator.release(queue, batch.memory);
    this.schedule();
  }

  /** When a batch becomes due by its linger or its backoff. */
  #nextMoment(now: number): number {
    const { settings } = this.#hooks;
    let next = Infinity;
    for (const queue of this.#hooks.accumulator.active) {
      const head = queue.waiting[0];
      if (head === undefined) continue;
      const moment = head.attempts > 0 ? head.retryAt : head.createdAt + settings.lingerMs;
      if (moment > now) next = Math.min(next, moment);
    }
    return next;
  }

  /** Fails everything that is waiting or in flight. */
  close(error: KafkaError): void {
    for (const queue of this.#hooks.accumulator.active) {
      for (const batch of [...queue.inFlight, ...queue.waiting]) this.fail(batch, () => error);
    }
    this.#isClosed = true;
    this.#alarm.cancel();
  }
}
