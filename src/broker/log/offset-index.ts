import type { Disk } from '../../system/index.js';
import { IndexFile, lastNotAbove } from './index-file.js';

const entryBytes = 8;

/** Where a batch begins in the file, and the offset of its last record. */
export interface OffsetPosition {
  readonly offset: number;
  readonly position: number;
}

/**
 * `.index` (Kafka's `OffsetIndex`): for about every 4096 bytes of the segment the last offset of
 * a batch, relative to the segment's base, and the batch's position, both as int32.
 */
export class OffsetIndex {
  static readonly ending = '.index';
  readonly baseOffset: number;
  readonly #file: IndexFile;

  private constructor(file: IndexFile, baseOffset: number) {
    this.#file = file;
    this.baseOffset = baseOffset;
  }

  static fresh(disk: Disk, path: string, baseOffset: number): OffsetIndex {
    return new OffsetIndex(IndexFile.fresh(disk, path, entryBytes), baseOffset);
  }

  /** Undefined where there is no sound file and the index must be rebuilt. */
  static stored(disk: Disk, path: string, baseOffset: number): OffsetIndex | undefined {
    const file = IndexFile.stored(disk, path, entryBytes);
    if (file === undefined) return undefined;
    const index = new OffsetIndex(file, baseOffset);
    // Kafka's own sanity check: the last entry must lie above the base offset.
    const last = index.last();
    return last !== undefined && last.offset <= baseOffset && last.position !== 0
      ? undefined
      : index;
  }

  get count(): number {
    return this.#file.count;
  }

  get bytes(): number {
    return this.#file.count * entryBytes;
  }

  isFull(maxBytes: number): boolean {
    return this.count >= Math.floor(maxBytes / entryBytes);
  }

  append(offset: number, position: number): void {
    const entry = this.#file.add();
    entry.writeInt32BE(offset - this.baseOffset, 0);
    entry.writeInt32BE(position, 4);
  }

  last(): OffsetPosition | undefined {
    return this.count === 0 ? undefined : this.#decode(this.#file.entry(this.count - 1));
  }

  /** The last entry at or below the offset; the segment's beginning where there is none. */
  lookup(offset: number): OffsetPosition {
    const relative = offset - this.baseOffset;
    return this.#file.search((entry) => {
      const at = lastNotAbove(this.count, (place) => entry(place).readInt32BE(0) > relative);
      return at < 0 ? { offset: this.baseOffset, position: 0 } : this.#decode(entry(at));
    });
  }

  /** The last entry at or below a position in the file; the beginning where there is none. */
  lookupPosition(position: number): OffsetPosition {
    return this.#file.search((entry) => {
      const at = lastNotAbove(this.count, (place) => entry(place).readInt32BE(4) > position);
      return at < 0 ? { offset: this.baseOffset, position: 0 } : this.#decode(entry(at));
    });
  }

  write(sync: boolean): void {
    this.#file.write(sync);
  }

  release(): void {
    this.#file.release();
  }

  #decode(entry: Buffer): OffsetPosition {
    return { offset: this.baseOffset + entry.readInt32BE(0), position: entry.readInt32BE(4) };
  }
}
