import type { Disk, DiskFile } from '../../system/index.js';

const firstCapacity = 64;

/**
 * A file of entries of one size, only ever added to. The entries of the active segment live in
 * memory and are written when the segment is rolled or closed (a crash loses nothing: recovery
 * builds them anew from the batches). Those of older segments are read from the file one by one,
 * so that looking something up in old data needs no memory.
 */
export class IndexFile {
  readonly path: string;
  readonly entryBytes: number;
  readonly #disk: Disk;
  #entries: Buffer | undefined;
  #count: number;
  #scratch: Buffer | undefined;

  private constructor(disk: Disk, path: string, entryBytes: number, count: number) {
    this.#disk = disk;
    this.path = path;
    this.entryBytes = entryBytes;
    this.#count = count;
  }

  /** An index that begins empty, in memory. */
  static fresh(disk: Disk, path: string, entryBytes: number): IndexFile {
    const index = new IndexFile(disk, path, entryBytes, 0);
    index.#entries = Buffer.alloc(firstCapacity * entryBytes);
    return index;
  }

  /** The index as the file has it; undefined where the file is missing or cut inside an entry. */
  static stored(disk: Disk, path: string, entryBytes: number): IndexFile | undefined {
    if (!disk.exists(path)) return undefined;
    const file = disk.open(path, 'read');
    try {
      const size = file.size();
      return size % entryBytes === 0
        ? new IndexFile(disk, path, entryBytes, size / entryBytes)
        : undefined;
    } finally {
      file.close();
    }
  }

  get count(): number {
    return this.#count;
  }

  /** The bytes of an entry, valid until the next call. `using` is an open file of older entries. */
  entry(at: number, using?: DiskFile): Buffer {
    const start = at * this.entryBytes;
    if (this.#entries !== undefined) {
      return this.#entries.subarray(start, start + this.entryBytes);
    }
    this.#scratch ??= Buffer.alloc(this.entryBytes);
    const file = using ?? this.#disk.open(this.path, 'read');
    try {
      file.read(this.#scratch, start);
    } finally {
      if (using === undefined) file.close();
    }
    return this.#scratch;
  }

  /** Runs a search over several entries with the file open only once. */
  search<T>(run: (entry: (at: number) => Buffer) => T): T {
    if (this.#entries !== undefined || this.#count === 0) return run((at) => this.entry(at));
    const file = this.#disk.open(this.path, 'read');
    try {
      return run((at) => this.entry(at, file));
    } finally {
      file.close();
    }
  }

  /** Room for one more entry, which the caller fills in. */
  add(): Buffer {
    const entries = this.#load();
    const start = this.#count * this.entryBytes;
    this.#count += 1;
    if (start + this.entryBytes > entries.length) {
      const larger = Buffer.alloc(entries.length * 2);
      entries.copy(larger);
      this.#entries = larger;
      return larger.subarray(start, start + this.entryBytes);
    }
    return entries.subarray(start, start + this.entryBytes);
  }

  /** Takes entries away from the end. */
  truncate(count: number): void {
    if (count >= this.#count) return;
    this.#load();
    this.#count = count;
  }

  /** Writes the entries out, trimmed to their number; synced unless told otherwise. */
  write(sync: boolean): void {
    const entries = this.#load();
    const file = this.#disk.open(this.path, 'create');
    try {
      file.truncate(0);
      if (this.#count > 0) file.write([entries.subarray(0, this.#count * this.entryBytes)], 0);
      if (sync) file.syncNow();
    } finally {
      file.close();
    }
  }

  /** Lets go of the entries in memory once they are written. */
  release(): void {
    this.#entries = undefined;
  }

  #load(): Buffer {
    if (this.#entries !== undefined) return this.#entries;
    const used = this.#count * this.entryBytes;
    const entries = Buffer.alloc(Math.max(used, firstCapacity * this.entryBytes));
    const file = this.#disk.open(this.path, 'read');
    try {
      file.read(entries.subarray(0, used), 0);
    } finally {
      file.close();
    }
    this.#entries = entries;
    return entries;
  }
}

/** The greatest place whose entry is not above the wanted one, or -1; entries are in order. */
export function lastNotAbove(count: number, isAbove: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAbove(middle)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
