import type {
  AcknowledgementResult,
  AcknowledgeType,
  Admin,
  Kafka,
  ShareConsumer,
  ShareRecord,
} from '../client/index.js';
import type { Logger, System, Timer } from '../system/index.js';
import { Drain } from './drain.js';
import type { LaneRecord, Outcome, WorkerLane } from './worker-lane.js';

export interface ShareLaneParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Records held at the most: as many as there are hands. */
  readonly concurrency: number;
  /** The broker gives a record out so often, and then no more. */
  readonly deliveryLimit: number;
  readonly drainTimeoutMs: number | undefined;
  readonly logger: Logger;
  readonly system: System;
  readonly ready: (record: LaneRecord) => void;
  /** The broker would drop the record soon: it is to be set aside before. */
  readonly spent: (record: LaneRecord, deliveryCount: number) => void;
}

/** The deliveries kept for setting a record aside: a crash may come in between. */
const lastDeliveries = 2;
/** A record that is worked on for so long has its lock renewed; later by thirds of the lock. */
const renewAfterMs = 1000;
const lagIntervalMs = 5000;

const acknowledgements: Readonly<Record<Outcome, AcknowledgeType>> = {
  handled: 'accept',
  retried: 'accept',
  deadLettered: 'reject',
};

/** A record that a share group has locked for this worker. */
class HeldRecord implements LaneRecord {
  readonly record: ShareRecord;
  readonly #lane: ShareLane;
  /** Monotonic time at which the lock is to be renewed. */
  renewAt: number;
  isRunning = false;
  /** The lock is gone, and others are given the record. */
  isLost = false;
  isSettled = false;

  constructor(record: ShareRecord, lane: ShareLane, renewAt: number) {
    this.record = record;
    this.#lane = lane;
    this.renewAt = renewAt;
  }

  get isGone(): boolean {
    return this.isLost || this.#lane.isEnding;
  }

  begins(): void {
    this.isRunning = true;
  }

  done(outcome: Outcome): void {
    this.#lane.settle(this, acknowledgements[outcome]);
  }

  ends(): void {
    this.isRunning = false;
    this.#lane.ended(this);
  }
}

/**
 * A worker's member of a share group (KIP-932). It takes a record when there is a hand for it,
 * keeps its lock alive for as long as that takes, and says what became of it: accepted when it was
 * handled or waits in a retry topic, rejected when it is a dead letter, released otherwise.
 */
export class ShareLane implements WorkerLane {
  readonly delayed = 0;
  readonly #parts: ShareLaneParts;
  readonly #consumer: ShareConsumer;
  readonly #admin: Admin;
  readonly #drain: Drain;
  readonly #held = new Set<HeldRecord>();
  readonly #spentFrom: number;
  #renewTimer: Timer | undefined;
  #lagTimer: Timer | undefined;
  #isClosed = false;
  isEnding = false;
  lag = 0;

  constructor(parts: ShareLaneParts) {
    this.#parts = parts;
    const { kafka, groupId, topics, concurrency, deliveryLimit, system, logger } = parts;
    this.#drain = new Drain(system, parts.drainTimeoutMs);
    // Whoever is given a record for the first time may always try.
    this.#spentFrom = Math.max(2, deliveryLimit - lastDeliveries + 1);
    this.#admin = kafka.admin();
    this.#consumer = kafka.shareConsumer({
      groupId,
      topics,
      acknowledgementMode: 'explicit',
      acquireMode: 'record_limit',
      maxPollRecords: concurrency,
      onAcknowledged: (result) => this.#acknowledged(result),
      onError: (error) => logger.warn(error.message, { code: error.code }),
    });
  }

  async run(): Promise<void> {
    this.#scheduleLag();
    const { ready, spent, system } = this.#parts;
    for await (const record of this.#consumer) {
      if (this.isEnding) break;
      const renewAt = system.clock.monotonic() + this.#pause(renewAfterMs);
      const entry = new HeldRecord(record, this, renewAt);
      this.#held.add(entry);
      // How long locks last is known with the first record.
      if (this.#renewTimer === undefined) this.#scheduleRenewals();
      if (record.deliveryCount < this.#spentFrom) ready(entry);
      else spent(entry, record.deliveryCount);
    }
  }

  /** Nothing is taken that there is no hand for. */
  breathe(): void {}

  async end(): Promise<void> {
    this.isEnding = true;
    this.#lagTimer?.cancel();
    await this.#drain.until(() => [...this.#held].some(({ isRunning }) => isRunning));
    this.#renewTimer?.cancel();
    this.#isClosed = true;
    // Releases what is not settled.
    await Promise.all([this.#consumer.close(), this.#admin.close()]);
  }

  settle(entry: HeldRecord, type: AcknowledgeType): void {
    if (this.#isClosed || entry.isLost || entry.isSettled) return;
    entry.isSettled = true;
    this.#consumer.acknowledge(entry.record, type);
  }

  ended(entry: HeldRecord): void {
    this.settle(entry, 'release');
    this.#held.delete(entry);
    this.#drain.wake();
  }

  #acknowledged({ topic, partition, offsets, error }: AcknowledgementResult): void {
    if (error === null) return;
    for (const entry of this.#held) {
      const { record } = entry;
      if (record.topic !== topic || record.partition !== partition) continue;
      if (!offsets.includes(record.offset)) continue;
      entry.isLost = true;
      if (!entry.isRunning) this.#held.delete(entry);
    }
  }

  /** No longer than the locks allow. */
  #pause(ms: number): number {
    return Math.min(ms, (this.#consumer.acquisitionLockTimeoutMs ?? Infinity) / 6);
  }

  #scheduleRenewals(): void {
    const { clock } = this.#parts.system;
    this.#renewTimer = clock.after(this.#pause(renewAfterMs), () => {
      const now = clock.monotonic();
      const lockMs = this.#consumer.acquisitionLockTimeoutMs ?? 0;
      for (const entry of this.#held) {
        if (entry.renewAt > now || entry.isLost || entry.isSettled) continue;
        entry.renewAt = now + lockMs / 3;
        this.#consumer.renew(entry.record);
      }
      this.#scheduleRenewals();
    });
  }

  #scheduleLag(): void {
    const { system, groupId, logger } = this.#parts;
    const ask = async () => {
      try {
        const offsets = await this.#admin.describeShareGroupOffsets(groupId);
        this.lag = offsets.reduce((sum, { lag }) => sum + Math.max(0, lag ?? 0), 0);
      } catch (error) {
        logger.debug('the lag of the share group is not known', { error });
      }
      if (!this.isEnding) this.#scheduleLag();
    };
    this.#lagTimer = system.clock.after(lagIntervalMs, () => void ask());
  }
}
