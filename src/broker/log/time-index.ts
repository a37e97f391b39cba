import type { Disk } from '../../system/index.js';
import { IndexFile, lastNotAbove } from './index-file.js';

const entryBytes = 12;

/** No record up to and including `offset` has a later timestamp. */
export interface TimestampOffset {
  readonly timestamp: number;
  readonly offset: number;
}

/**
 * `.timeindex` (Kafka's `TimeIndex`): the largest timestamp so far as int64 and the last offset of
 * the batch that has it, relative to the segment's base, as int32; rising in both.
 */
export class TimeIndex {
  static readonly ending = '.timeindex';
  readonly baseOffset: number;
  readonly #file: IndexFile;

  private constructor(file: IndexFile, baseOffset: number) {
    this.#file = file;
    this.baseOffset = baseOffset;
  }

  static fresh(disk: Disk, path: string, baseOffset: number): TimeIndex {
    return new TimeIndex(IndexFile.fresh(disk, path, entryBytes), baseOffset);
  }

  /** Undefined where there is no sound file and the index must be rebuilt. */
  static stored(disk: Disk, path: string, baseOffset: number): TimeIndex | undefined {
    const file = IndexFile.stored(disk, path, entryBytes);
    return file && new TimeIndex(file, baseOffset);
  }

  get count(): number {
    return this.#file.count;
  }

  get bytes(): number {
    return this.#file.count * entryBytes;
  }

  /** One place is kept free for the entry that a roll forces. */
  isFull(maxBytes: number): boolean {
    return this.count >= Math.floor(maxBytes / entryBytes) - 1;
  }

  /** Adds an entry unless the timestamp has not risen. */
  maybeAppend(timestamp: number, offset: number): void {
    const last = this.last();
    if (timestamp <= last.timestamp || (this.count > 0 && offset < last.offset)) return;
    const entry = this.#file.add();
    entry.writeBigInt64BE(BigInt(timestamp), 0);
    entry.writeInt32BE(offset - this.baseOffset, 8);
  }

  /** The largest timestamp noted; -1 at the base offset while there is none. */
  last(): TimestampOffset {
    if (this.count === 0) return { timestamp: -1, offset: this.baseOffset };
    return this.#decode(this.#file.entry(this.count - 1));
  }

  /** The last entry at or before the timestamp; -1 at the base offset where there is none. */
  lookup(timestamp: number): TimestampOffset {
    return this.#file.search((entry) => {
      const isAbove = (at: number) => Number(entry(at).readBigInt64BE(0)) > timestamp;
      const at = lastNotAbove(this.count, isAbove);
      return at < 0 ? { timestamp: -1, offset: this.baseOffset } : this.#decode(entry(at));
    });
  }

  write(sync: boolean): void {
    this.#file.write(sync);
  }

  release(): void {
    this.#file.release();
  }

  #decode(entry: Buffer): TimestampOffset {
    return {
      timestamp: Number(entry.readBigInt64BE(0)),
      offset: this.baseOffset + entry.readInt32BE(8),
    };
  }
}
