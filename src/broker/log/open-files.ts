import type { Disk, DiskFile } from '../../system/index.js';

/** File handles kept open over all logs of a directory. */
const openFilesMax = 1000;

/** Segment files are opened when used and stay open until others need the handle more. */
export class OpenFiles {
  readonly disk: Disk;
  readonly #max: number;
  /** Least recently used first. */
  readonly #open = new Map<string, DiskFile>();

  constructor(disk: Disk, max = openFilesMax) {
    this.disk = disk;
    this.#max = max;
  }

  /** The existing file at the path, open for reading and writing. */
  file(path: string): DiskFile {
    return this.#open.get(path) ?? this.#add(path, this.disk.open(path, 'write'));
  }

  /** As `file`, making it where it is missing. */
  create(path: string): DiskFile {
    return this.#open.get(path) ?? this.#add(path, this.disk.open(path, 'create'));
  }

  /** To be called before the path is renamed or removed. */
  forget(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }

  closeAll(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  /** Handles are used in turns, so the oldest one opened goes first; a used one just reopens. */
  #add(path: string, file: DiskFile): DiskFile {
    if (this.#open.size >= this.#max) {
      const oldest = this.#open.keys().next().value;
      if (oldest !== undefined) this.forget(oldest);
    }
    this.#open.set(path, file);
    return file;
  }
}
