import type { KafkaError } from '../../errors/index.js';
import type { LogSync, Syncable, SyncWork } from './log-sync.js';

/** Someone waiting for an offset; the partition bounds them by its own limits on requests. */
interface Waiter {
  readonly offset: number;
  readonly done: (error?: Error) => void;
}

export interface SyncedOffsetParts {
  readonly sync: LogSync;
  /** Everything below is on disk. */
  readonly recoveryPoint: number;
  readonly logEndOffset: number;
  /** Where the newest segment begins that is on disk with the snapshot before it. */
  readonly safeBase: number;
  readonly unsyncedFiles: readonly string[];
  readonly unsyncedDirectories: readonly string[];
  /** A sync has failed. */
  readonly failed: (error: KafkaError) => void;
  /** The synced offset has moved. */
  readonly moved: (offset: number) => void;
}

/**
 * How far a log is safe: remembers which of its files and directories are not synced, hands them
 * to the group commit, and tells those who wait when it has confirmed them.
 */
export class SyncedOffset implements Syncable {
  readonly #sync: LogSync;
  readonly #failed: (error: KafkaError) => void;
  readonly #moved: (offset: number) => void;
  readonly #files: Set<string>;
  readonly #directories: Set<string>;
  #offset: number;
  #recoveryPoint: number;
  #logEndOffset: number;
  #safeBase: number;
  #waiters: Waiter[] = [];
  /** Called once everything that is unsynced now has been synced. */
  #onDisk: (() => void)[] = [];
  #stopped: KafkaError | undefined;

  constructor(parts: SyncedOffsetParts) {
    this.#sync = parts.sync;
    this.#failed = parts.failed;
    this.#moved = parts.moved;
    this.#files = new Set(parts.unsyncedFiles);
    this.#directories = new Set(parts.unsyncedDirectories);
    this.#recoveryPoint = parts.recoveryPoint;
    this.#logEndOffset = parts.logEndOffset;
    this.#safeBase = parts.safeBase;
    this.#offset = this.#sync.isGroupCommit ? parts.recoveryPoint : parts.logEndOffset;
    if (this.#hasUnsynced) this.#sync.dirty(this, false);
  }

  /** Everything below is safe, or counts as such in the chosen durability. */
  get offset(): number {
    return this.#offset;
  }

  /** Everything below is on disk, whatever the durability. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** Notes files that were written, and a directory whose names have changed. */
  changed(files: readonly string[], directory: string): void {
    for (const path of files) this.#files.add(path);
    this.#directories.add(directory);
    this.#sync.dirty(this, false);
  }

  /**
   * Notes a new segment as `changed` does; once its files are safe, whatever the durability, and
   * at once where nothing is ever synced, `safeBase` moves to it and `onDisk` is called.
   */
  rolled(files: readonly string[], directory: string, base: number, onDisk?: () => void): void {
    const safe = () => {
      this.#safeBase = base;
      onDisk?.();
    };
    if (this.#sync.durability === 'memory') safe();
    else this.#onDisk.push(safe);
    this.changed(files, directory);
  }

  /** Where the newest segment begins that no crash can take back. */
  get safeBase(): number {
    return this.#safeBase;
  }

  /** Notes that a batch was written to a file and the log now ends at `logEndOffset`. */
  appended(file: string, logEndOffset: number, urgent: boolean): void {
    this.#files.add(file);
    this.#logEndOffset = logEndOffset;
    if (!this.#sync.isGroupCommit) this.#moveTo(logEndOffset);
    this.#sync.dirty(this, urgent);
  }

  /** Files that are going away need no sync. */
  forget(files: readonly string[]): void {
    for (const path of files) this.#files.delete(path);
  }

  /** Calls back once everything below `offset` is safe, or with what prevents it. */
  when(offset: number, done: (error?: Error) => void): void {
    if (this.#stopped !== undefined) done(this.#stopped);
    else if (offset <= this.#offset) done();
    else {
      this.#waiters.push({ offset, done });
      this.#sync.hurry(this);
    }
  }

  /** No more syncs; everybody who waits, or will, hears why. */
  stop(error: KafkaError): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { done } of waiters) done(error);
  }

  beginSync(): SyncWork | undefined {
    if (!this.#hasUnsynced || this.#stopped !== undefined) return undefined;
    const upTo = this.#logEndOffset;
    const files = [...this.#files];
    const directories = [...this.#directories];
    const onDisk = this.#onDisk;
    this.#files.clear();
    this.#directories.clear();
    this.#onDisk = [];
    const done = (error?: Error) => {
      if (this.#stopped !== undefined) return;
      if (error !== undefined) this.#failed(error as KafkaError);
      else {
        this.#confirmed(upTo);
        for (const heard of onDisk) heard();
      }
    };
    return { files, directories, done };
  }

  get #hasUnsynced(): boolean {
    return this.#files.size > 0 || this.#directories.size > 0;
  }

  #confirmed(upTo: number): void {
    this.#recoveryPoint = Math.max(this.#recoveryPoint, upTo);
    if (this.#sync.isGroupCommit) this.#moveTo(upTo);
  }

  #moveTo(offset: number): void {
    if (offset <= this.#offset) return;
    this.#offset = offset;
    this.#moved(offset);
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => waiter.offset <= offset);
    this.#waiters = this.#waiters.filter((waiter) => waiter.offset > offset);
    for (const { done } of ready) done();
  }
}
