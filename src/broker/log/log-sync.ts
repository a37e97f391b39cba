import type { Clock, Timer } from '../../system/index.js';
import type { OpenFiles } from './open-files.js';

/**
 * `group-commit`: synced before it counts (default). `interval`: counts at once and is synced
 * every `flushIntervalMs`. `os`: counts at once, the operating system writes when it likes, as
 * with Apache Kafka. `memory`: never synced (for a memory disk).
 */
export type Durability = 'group-commit' | 'interval' | 'os' | 'memory';

/** Logs synced at the same time: a thread of Node's four stays free for names and compression. */
const parallelMax = 3;

/** What has to reach the disk before a log may count everything up to now as safe. */
export interface SyncWork {
  readonly files: readonly string[];
  readonly directories: readonly string[];
  done(error?: Error): void;
}

/** A log, as far as syncing is concerned. */
export interface Syncable {
  /** Takes over all that is unsynced; undefined when there is nothing. */
  beginSync(): SyncWork | undefined;
}

/** Someone who waits until the logs have been synced as often as stands there. */
interface Flush {
  readonly due: Map<Syncable, number>;
  readonly resolve: () => void;
}

export interface LogSyncOptions {
  readonly clock: Clock;
  readonly files: OpenFiles;
  readonly durability: Durability;
  readonly flushMs: number;
  readonly flushIntervalMs: number;
}

/**
 * Group commit: appends of one turn of the event loop, over all logs, are synced together, and
 * those that come while a sync is under way wait for the next one. A log is never synced twice at
 * the same time, so its synced offset only rises.
 */
export class LogSync {
  readonly durability: Durability;
  readonly #clock: Clock;
  readonly #files: OpenFiles;
  readonly #delayMs: number;
  /** Logs with something unsynced, longest waiting first. */
  readonly #queue = new Set<Syncable>();
  readonly #running = new Set<Syncable>();
  #timer: Timer | undefined;
  #soon = false;
  #pumping = false;
  #flushes: Flush[] = [];
  #closed = false;

  constructor(options: LogSyncOptions) {
    this.durability = options.durability;
    this.#clock = options.clock;
    this.#files = options.files;
    this.#delayMs =
      options.durability === 'group-commit' ? options.flushMs : options.flushIntervalMs;
  }

  /** Whether bytes count only once they are synced. */
  get isGroupCommit(): boolean {
    return this.durability === 'group-commit';
  }

  /** Notes that a log has something unsynced. `urgent`: someone waits for it. */
  dirty(log: Syncable, urgent: boolean): void {
    if (this.durability === 'memory' || this.#closed) return;
    this.#queue.add(log);
    if (this.durability === 'os') return;
    if (urgent && this.isGroupCommit) this.#startSoon();
    else this.#startLater();
  }

  /** Begins the sync of a log that someone has come to wait for. */
  hurry(log: Syncable): void {
    if (this.#queue.has(log)) this.#startSoon();
  }

  /** Begins syncing now all that is unsynced; resolves when that has ended, well or not. */
  flush(): Promise<void> {
    const due = new Map<Syncable, number>();
    for (const log of this.#running) due.set(log, 1);
    for (const log of this.#queue) due.set(log, (due.get(log) ?? 0) + 1);
    if (due.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushes.push({ due, resolve });
      this.#start();
    });
  }

  /** Takes no more; what is under way ends. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#queue.clear();
  }

  #startSoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    this.#clock.soon(() => {
      this.#soon = false;
      this.#start();
    });
  }

  #startLater(): void {
    this.#timer ??= this.#clock.after(
      this.#delayMs,
      () => {
        this.#timer = undefined;
        this.#start();
      },
      { background: true },
    );
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pumping = true;
    this.#pump();
  }

  /** Syncs what is queued, a few logs at a time, until the queue has run empty. */
  #pump(): void {
    for (const log of this.#queue) {
      if (this.#running.size >= parallelMax) return;
      if (this.#running.has(log)) continue;
      this.#queue.delete(log);
      this.#run(log);
    }
    if (this.#running.size === 0 && this.#queue.size === 0) this.#pumping = false;
  }

  /** A sync of the log has ended: who flushes may have waited for just that. */
  #ended(log: Syncable): void {
    if (this.#flushes.length === 0) return;
    for (const { due, resolve } of this.#flushes) {
      const times = due.get(log) ?? 0;
      if (times > 1) due.set(log, times - 1);
      else due.delete(log);
      if (due.size === 0) resolve();
    }
    this.#flushes = this.#flushes.filter(({ due }) => due.size > 0);
  }

  #run(log: Syncable): void {
    const work = log.beginSync();
    if (work === undefined) {
      this.#ended(log);
      return;
    }
    this.#running.add(log);
    const end = (error?: Error) => {
      this.#running.delete(log);
      work.done(error);
      this.#ended(log);
      if (this.#pumping) this.#pump();
    };
    this.#sync(work).then(
      () => end(),
      (error: unknown) => end(error as Error),
    );
  }

  async #sync(work: SyncWork): Promise<void> {
    const { disk } = this.#files;
    // All are opened before the first sync begins: none may fail unheard while another throws.
    const files = work.files.map((path) => this.#files.file(path));
    await Promise.all([
      ...files.map((file) => file.sync()),
      ...work.directories.map((path) => disk.syncDirectory(path)),
    ]);
  }
}
