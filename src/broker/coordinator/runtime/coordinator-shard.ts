import { KafkaError } from '../../../errors/index.js';
import { controlRecordOf, type RecordBatch } from '../../../records/index.js';
import type { Clock, Logger, Timer } from '../../../system/index.js';
import type { InternalTopic } from '../../partition/internal-topic.js';
import type { Machine, MachineFactory, RecordCodec } from './machine.js';
import { type Operation, RunningMachine } from './running-machine.js';
import { TimerTable } from './timer-table.js';

/** Bytes of log that are replayed before other work gets its turn. */
const replaySliceBytes = 256 * 1024;
/** How long a partition that could not be read is left alone. */
export const reloadBackoffMs = 1000;

export interface CoordinatorShardParts<M, R> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topic: InternalTopic;
  readonly partition: number;
  readonly codec: RecordCodec<R>;
  readonly factory: MachineFactory<M, R>;
}

/**
 * One partition of a coordinator's topic and the machine that lives on it. Reads the partition,
 * then lets the machine work; when the two could have come apart, reads it again.
 */
export class CoordinatorShard<M extends Machine<R>, R> {
  readonly #parts: CoordinatorShardParts<M, R>;
  #running: RunningMachine<M, R> | undefined;
  #machine: M | undefined;
  /** What a request gets while no machine is running. */
  #absence: 'COORDINATOR_LOAD_IN_PROGRESS' | 'COORDINATOR_NOT_AVAILABLE' =
    'COORDINATOR_LOAD_IN_PROGRESS';
  #retry: Timer | undefined;
  #closed = false;

  constructor(parts: CoordinatorShardParts<M, R>) {
    this.#parts = parts;
  }

  /**
   * Reads the partition and starts the machine. Resolves also when the partition cannot be read:
   * the shard then logs it and tries again after `reloadBackoffMs`.
   */
  async load(): Promise<void> {
    const { clock, codec, topic, partition, logger } = this.#parts;
    const timers = new TimerTable<R>();
    timers.setNow(clock.monotonic());
    const machine = this.#parts.factory(partition, timers);
    try {
      await this.#replayAll(machine);
    } catch (error) {
      if (this.#closed) return;
      logger.error(`${topic.name}-${partition} cannot be read; its groups are not served.`, {
        error,
      });
      this.#absence = 'COORDINATOR_NOT_AVAILABLE';
      this.#retry = clock.after(reloadBackoffMs, () => this.#reload(), { background: true });
      return;
    }
    if (this.#closed) return;
    this.#running = new RunningMachine({
      clock,
      machine,
      timers,
      codec,
      log: {
        append: (records, transaction) => topic.append(partition, records, { transaction }),
        appendMarker: (marker) => topic.appendMarker(partition, marker),
        producerEpoch: (producerId) => topic.producerEpoch(partition, producerId),
      },
      onBroken: (error) => this.#onBroken(error),
    });
    this.#machine = machine;
    this.#running.start();
  }

  /**
   * Runs an operation of the machine. Fails with COORDINATOR_LOAD_IN_PROGRESS while the partition
   * is being read, and with COORDINATOR_NOT_AVAILABLE when its records cannot be written.
   */
  run<T>(operation: Operation<M, R, T>): Promise<T> {
    if (this.#running !== undefined) return this.#running.run(operation);
    return Promise.reject(new KafkaError(this.#closed ? 'NOT_COORDINATOR' : this.#absence));
  }

  /** The machine as it is now, what is not durable yet included; undefined while there is none. */
  peek(): M | undefined {
    return this.#machine;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#machine = undefined;
    this.#retry?.cancel();
    const running = this.#running;
    this.#running = undefined;
    return running?.stop(new KafkaError('NOT_COORDINATOR')) ?? Promise.resolve();
  }

  #onBroken(error: unknown): void {
    const { topic, partition, logger, clock } = this.#parts;
    logger.error(`${topic.name}-${partition}: a write failed; the partition is read again.`, {
      error,
    });
    const broken = this.#running;
    this.#running = undefined;
    this.#machine = undefined;
    this.#absence = 'COORDINATOR_LOAD_IN_PROGRESS';
    const stopped = broken?.stop(
      new KafkaError('COORDINATOR_NOT_AVAILABLE', undefined, { cause: error }),
    );
    // Not at once: a disk that fails, or a machine that breaks on what it reads, must not keep the
    // loop busy; and what is still being written must be over before the partition is read.
    void (stopped ?? Promise.resolve()).then(() => {
      if (this.#closed) return;
      this.#retry = clock.after(reloadBackoffMs, () => this.#reload(), { background: true });
    });
  }

  #reload(): void {
    if (this.#closed) return;
    this.#absence = 'COORDINATOR_LOAD_IN_PROGRESS';
    void this.load();
  }

  async #replayAll(machine: M): Promise<void> {
    const { topic, partition, clock } = this.#parts;
    let bytes = 0;
    for (const batch of topic.read(partition)) {
      await this.#replayBatch(machine, batch);
      bytes += batch.sizeInBytes;
      if (bytes > replaySliceBytes) {
        bytes = 0;
        await new Promise<void>((resolve) => {
          clock.soon(resolve);
        });
      }
      if (this.#closed) return;
    }
  }

  async #replayBatch(machine: M, batch: RecordBatch): Promise<void> {
    const { producerId, producerEpoch } = batch;
    const transaction = batch.isTransactional ? { producerId, producerEpoch } : undefined;
    const records = batch.compression === 'none' ? batch.records() : await batch.recordsAsync();
    for (const view of records) {
      if (batch.isControl) {
        const { type } = controlRecordOf(view);
        const ends = type === 'commit' || type === 'abort';
        if (ends) machine.replayMarker(producerId, type === 'commit');
        continue;
      }
      const { key, value } = view;
      const record = key === null ? undefined : this.#parts.codec.decode({ key, value });
      if (record !== undefined) machine.replay(record, transaction);
    }
  }
}
