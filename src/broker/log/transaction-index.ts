import type { Disk } from '../../system/index.js';

const entryBytes = 34;

/** A transaction that was aborted in this partition (Kafka's `AbortedTxn`). */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the marker. */
  readonly lastOffset: number;
  /** The last stable offset once the marker was written. */
  readonly lastStableOffset: number;
}

/**
 * `.txnindex` (Kafka's `TransactionIndex`): the aborted transactions of a segment in the order of
 * their markers: int16 version 0, producer id, first offset, last offset, last stable offset.
 * The file exists only where something was aborted.
 */
export class TransactionIndex {
  readonly path: string;
  readonly #disk: Disk;
  #entries: AbortedTransaction[] | undefined;
  #changed = false;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  /** Fails where entries are out of order. */
  append(entry: AbortedTransaction): void {
    const entries = this.#load();
    const last = entries.at(-1);
    if (last !== undefined && entry.lastOffset <= last.lastOffset) {
      throw new RangeError(`marker ${entry.lastOffset} does not follow ${last.lastOffset}`);
    }
    entries.push(entry);
    this.#changed = true;
  }

  /** Aborted transactions that touch offsets from `from` on and begin below `upTo`. */
  overlapping(from: number, upTo: number): AbortedTransaction[] {
    const entries = this.#load();
    const found: AbortedTransaction[] = [];
    for (let place = firstEndingAt(entries, from); place < entries.length; place++) {
      const entry = entries[place];
      if (entry === undefined) break;
      if (entry.firstOffset < upTo) found.push(entry);
      // Whatever was aborted later began at or after the stable offset of then.
      if (entry.lastStableOffset >= upTo) break;
    }
    return found;
  }

  all(): readonly AbortedTransaction[] {
    return this.#load();
  }

  /** Forgets everything; used before the segment is scanned anew. */
  reset(): void {
    this.#entries = [];
    this.#changed = this.#disk.exists(this.path);
  }

  /** Writes what has changed; no entries, no file. */
  write(sync: boolean): void {
    if (!this.#changed) return;
    this.#changed = false;
    const entries = this.#load();
    if (entries.length === 0) {
      this.#disk.remove(this.path);
      return;
    }
    const file = this.#disk.open(this.path, 'create');
    try {
      file.truncate(0);
      file.write([Buffer.concat(entries.map(encode))], 0);
      if (sync) file.syncNow();
    } finally {
      file.close();
    }
  }

  #load(): AbortedTransaction[] {
    if (this.#entries === undefined) {
      const bytes = this.#disk.exists(this.path) ? this.#disk.readFile(this.path) : Buffer.alloc(0);
      this.#entries = [];
      for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
        this.#entries.push(decode(bytes, at));
      }
    }
    return this.#entries;
  }
}

/** The place of the first entry whose marker is at or after `offset`. */
function firstEndingAt(entries: readonly AbortedTransaction[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.lastOffset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function encode(entry: AbortedTransaction): Buffer {
  const bytes = Buffer.alloc(entryBytes);
  bytes.writeBigInt64BE(BigInt(entry.producerId), 2);
  bytes.writeBigInt64BE(BigInt(entry.firstOffset), 10);
  bytes.writeBigInt64BE(BigInt(entry.lastOffset), 18);
  bytes.writeBigInt64BE(BigInt(entry.lastStableOffset), 26);
  return bytes;
}

function decode(bytes: Buffer, at: number): AbortedTransaction {
  return {
    producerId: Number(bytes.readBigInt64BE(at + 2)),
    firstOffset: Number(bytes.readBigInt64BE(at + 10)),
    lastOffset: Number(bytes.readBigInt64BE(at + 18)),
    lastStableOffset: Number(bytes.readBigInt64BE(at + 26)),
  };
}
