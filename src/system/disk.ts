export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** Held until released; a second holder of the same directory fails with DATA_DIRECTORY_LOCKED. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Files. Reading and writing are synchronous (a hop to the thread pool costs more than the call);
 * only syncing, which takes milliseconds, happens off the event loop. Failures are KafkaErrors:
 * DISK_FULL when no space is left, DISK_ERROR otherwise, each with the path.
 */
export interface Disk {
  /** `read` and `write` want an existing file, `create` makes one where there is none. */
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile;
  exists(path: string): boolean;
  /** The entries of a directory, sorted by name; fails when it is not there. */
  list(path: string): DirectoryEntry[];
  /** Makes the directory and those above it; existing ones are fine. */
  makeDirectory(path: string): void;
  rename(from: string, to: string): void;
  /**
   * Gives a file a second name that must be free. False where the file system has no links between
   * the two places (another device, no such file system): the caller copies then.
   */
  link(from: string, to: string): boolean;
  /** Removes a file or a whole directory; a missing one is fine. */
  remove(path: string): void;
  readFile(path: string): Buffer;
  /** Replaces a file so that a crash leaves the old or the new one: write aside, sync, rename. */
  replaceFile(path: string, bytes: Uint8Array): void;
  /** Makes creations, renames and removals inside the directory durable. */
  syncDirectory(path: string): Promise<void>;
  syncDirectoryNow(path: string): void;
  lockDirectory(path: string): Promise<DirectoryLock>;
  /**
   * The process that holds an operating system's lock on a file, as Apache Kafka does on `.lock`;
   * undefined where nobody does or the system does not tell.
   */
  lockHolder(path: string): number | undefined;
  /** Joins and normalises path pieces as this disk writes them. */
  join(...pieces: string[]): string;
}

export interface DiskFile {
  readonly path: string;
  size(): number;
  /** Reads up to `target.length` bytes from `position`; returns how many there were. */
  read(target: Uint8Array, position: number): number;
  /** Writes all chunks one after the other from `position` on, in one call where possible. */
  write(chunks: readonly Uint8Array[], position: number): void;
  truncate(size: number): void;
  /** Makes what was written durable (fdatasync), off the event loop. */
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
}
