import type { Clock, Disk, Logger, Timer } from '../../system/index.js';
import { cleanableOf, type Cleanable } from './cleanable.js';
import { directoryOf, rootFile } from './file-names.js';
import type { Log } from './log.js';
import { encodeOffsets, readOffsets, replaceFileLater } from './offset-checkpoint.js';
import type { OpenFiles } from './open-files.js';
import { type Cleaned, cleanLog } from './segment-cleaner.js';

export interface LogCleanerParts {
  readonly root: string;
  readonly disk: Disk;
  readonly files: OpenFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: () => Iterable<Log>;
  readonly removed: (log: Log, paths: readonly string[]) => void;
  /** Syncs all logs and writes their recovery points as they are then. */
  readonly checkpoint: () => Promise<void>;
  /** Bytes the map of one round may take. */
  readonly mapBytes: number;
  /** Bytes read per second at most; Infinity for no limit. */
  readonly bytesPerSecond: number;
  /** How long to rest when nothing is due. */
  readonly backoffMs: number;
}

/** Thrown into a round that must not go on: the broker stops or the log is gone. */
class CleaningStopped extends Error {}

/**
 * Compacts the logs of a directory in the background (Kafka's `LogCleaner`), one at a time, the
 * dirtiest first. Works in portions of half a megabyte and rests after each for as long as it has
 * worked, so that requests get at least half of the event loop.
 */
export class LogCleaner {
  readonly #parts: LogCleanerParts;
  /** Up to where each log is compacted, by `topic-partition`. */
  readonly #cleanedUpTo: Map<string, number>;
  /** Logs that could not be compacted; they are left alone until the next start. */
  readonly #uncleanable = new WeakSet<Log>();
  /** Up to where the recovery point on disk is known to have come. */
  readonly #settledUpTo = new WeakMap<Log, number>();
  #current: Log | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #stopped = false;
  /** Ends the rest between two portions early. */
  #wake: () => void = () => undefined;

  constructor(parts: LogCleanerParts) {
    this.#parts = parts;
    const path = parts.disk.join(parts.root, rootFile.cleanerOffsets);
    this.#cleanedUpTo = readOffsets(parts.disk, path);
  }

  /** Begins to look for work every `backoffMs`. */
  start(): void {
    if (this.#stopped) return;
    const run = () => {
      const logFailure = (error: unknown) => {
        this.#parts.logger.warn(`Compaction in ${this.#parts.root} failed: ${String(error)}`);
      };
      this.cleanDue()
        .catch(logFailure)
        .finally(() => this.start())
        .catch(logFailure);
    };
    this.#timer = this.#parts.clock.after(this.#parts.backoffMs, run, { background: true });
  }

  /** Up to where a log was compacted before, -1 where never. */
  cleanedUpTo(name: string): number {
    return this.#cleanedUpTo.get(name) ?? -1;
  }

  /** Whether the log is being compacted at this moment; its segments must stay meanwhile. */
  isCleaning(log: Log): boolean {
    return this.#current === log;
  }

  /** A log was deleted: one of the same name begins anew. */
  forget(name: string): void {
    this.#cleanedUpTo.delete(name);
  }

  /** Compacts all logs that are dirty enough or overdue; returns how many rounds it took. */
  cleanDue(): Promise<number> {
    return this.#enqueue(async () => {
      let rounds = 0;
      for (;;) {
        const due = this.#filthiest();
        if (due === undefined || this.#stopped) return rounds;
        const isDone = await this.#clean(due, false);
        if (isDone) rounds += 1;
        else return rounds;
      }
    });
  }

  /** Compacts everything below a log's active segment, dirty or not, without resting. */
  cleanNow(log: Log): Promise<void> {
    return this.#enqueue(async () => {
      let due = this.#cleanable(log);
      while (!this.#stopped && due.upperBound > log.segments.first.baseOffset) {
        const before = due.firstDirtyOffset;
        if (!(await this.#clean(due, true))) return;
        due = this.#cleanable(log);
        if (due.dirtyBytes === 0 || due.firstDirtyOffset <= before) return;
      }
    });
  }

  /** Ends the round under way, whose result is dropped, and waits for that. */
  async stop(): Promise<void> {
    this.abandon();
    await this.#work;
  }

  /** Ends without waiting, leaving files as they are. */
  abandon(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wake();
  }

  #enqueue<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#work.then(run);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #cleanable(log: Log): Cleanable {
    const name = directoryOf(log.topic, log.partition);
    return cleanableOf(log, this.#cleanedUpTo.get(name), this.#parts.clock.now());
  }

  #filthiest(): Cleanable | undefined {
    let worst: Cleanable | undefined;
    for (const log of this.#parts.logs()) {
      const isOurs = log.config.cleanupPolicy.includes('compact');
      // Without a closed segment there is nothing to do, and nothing to look up.
      if (!isOurs || log.segments.count < 2) continue;
      if (log.failure !== undefined || this.#uncleanable.has(log)) continue;
      const due = this.#cleanable(log);
      const isDue = due.isOverdue || due.dirtyRatio > log.config.minCleanableDirtyRatio;
      if (due.dirtyBytes === 0 || !isDue) continue;
      if (worst === undefined || due.dirtyRatio > worst.dirtyRatio) worst = due;
    }
    return worst;
  }

  /** One round; false where it could not be done. */
  async #clean(due: Cleanable, isUrgent: boolean): Promise<boolean> {
    const { log } = due;
    const { clock, files, mapBytes, logger, removed } = this.#parts;
    const name = directoryOf(log.topic, log.partition);
    const pause = this.#pauses(log, isUrgent);
    this.#current = log;
    try {
      await this.#settle(due);
      const cleaned = await cleanLog(due, {
        files,
        mapBytes,
        pause,
        now: clock.now(),
        removed: (paths) => removed(log, paths),
      });
      // Nothing could be read that a further round would not read again.
      if (cleaned.endOffset <= due.firstDirtyOffset && !isUrgent) this.#uncleanable.add(log);
      this.#cleanedUpTo.set(name, cleaned.endOffset);
      await this.#writeCheckpoint();
      logger.debug(`Compacted ${name} up to ${cleaned.endOffset}: ${summaryOf(cleaned)}.`);
      return true;
    } catch (error) {
      if (error instanceof CleaningStopped || this.#isGone(log)) return false;
      this.#failed(log, name, error);
      if (isUrgent) throw error;
      return false;
    } finally {
      this.#current = undefined;
    }
  }

  /** Compaction stays below the recovery point on disk: a hole above it is a loss, for recovery. */
  async #settle({ log, upperBound }: Cleanable): Promise<void> {
    if ((this.#settledUpTo.get(log) ?? 0) >= upperBound) return;
    await this.#parts.checkpoint();
    this.#settledUpTo.set(log, upperBound);
  }

  #failed(log: Log, name: string, error: unknown): void {
    const isFull = (error as { code?: unknown }).code === 'DISK_FULL';
    // Space may come back; damaged or unreadable data does not heal.
    if (!isFull) this.#uncleanable.add(log);
    const next = isFull ? 'It is tried again later' : 'It is left as it is until the next start';
    this.#parts.logger.warn(`${name} could not be compacted: ${String(error)} ${next}.`);
  }

  #isGone(log: Log): boolean {
    if (this.#stopped || log.failure !== undefined) return true;
    for (const known of this.#parts.logs()) if (known === log) return false;
    return true;
  }

  /** Rests between portions of work, and ends the round where it has become pointless. */
  #pauses(log: Log, isUrgent: boolean): (bytes: number) => Promise<void> {
    const { clock, bytesPerSecond } = this.#parts;
    let begun = clock.monotonic();
    return async (bytes) => {
      const worked = clock.monotonic() - begun;
      const rest = isUrgent ? 0 : Math.max(worked, (bytes / bytesPerSecond) * 1000 - worked);
      await new Promise<void>((resolve) => {
        if (rest < 1) {
          clock.soon(resolve);
          return;
        }
        const timer = clock.after(rest, resolve, { background: true });
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
      if (this.#isGone(log)) throw new CleaningStopped();
      begun = clock.monotonic();
    };
  }

  async #writeCheckpoint(): Promise<void> {
    const { disk, root, logs } = this.#parts;
    const lines = [...logs()].flatMap(({ topic, partition }) => {
      const offset = this.#cleanedUpTo.get(directoryOf(topic, partition));
      return offset === undefined ? [] : [{ topic, partition, offset }];
    });
    await replaceFileLater(disk, disk.join(root, rootFile.cleanerOffsets), encodeOffsets(lines));
  }
}

function summaryOf({ bytesRead, bytesWritten }: Cleaned): string {
  return `${bytesRead} bytes read, ${bytesWritten} written`;
}
