import * as fs from 'node:fs';
import { join } from 'node:path';
import type { DirectoryEntry, Disk, DiskFile } from './disk.js';
import { diskError } from './disk-error.js';
import { lockDirectory } from './lock-directory.js';
import { lockHolder } from './lock-holder.js';
import { replaceFileOn } from './replace-file.js';

const flags = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
};
/** Windows cannot sync a directory; its file system journals names by itself. */
const canSyncDirectories = process.platform !== 'win32';
/** writev takes at most so many pieces in one call (IOV_MAX). */
const piecesMax = 1024;

function attempt<T>(action: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw diskError(cause, action, path);
  }
}

function syncDirectoryNow(path: string): void {
  if (!canSyncDirectories) return;
  attempt('sync directory', path, () => {
    const handle = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  });
}

async function syncDirectory(path: string): Promise<void> {
  if (!canSyncDirectories) return;
  try {
    const handle = await fs.promises.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw diskError(cause, 'sync directory', path);
  }
}

/** What file systems answer that cannot link, or not these two places, or not once more. */
const noLink = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function link(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (cause) {
    if (noLink.has((cause as NodeJS.ErrnoException).code ?? '')) return false;
    throw diskError(cause, 'link', to);
  }
}

/** The disk of the machine, through `node:fs`. */
export const realDisk: Disk = {
  open: (path, mode) =>
    attempt('open', path, () => new RealFile(path, fs.openSync(path, flags[mode], 0o644))),
  exists: (path) => fs.existsSync(path),
  list: (path) => attempt('list', path, () => entriesOf(path)),
  makeDirectory: (path) =>
    attempt('make directory', path, () => void fs.mkdirSync(path, { recursive: true })),
  rename: (from, to) => attempt('rename', from, () => fs.renameSync(from, to)),
  link,
  remove: (path) =>
    attempt('remove', path, () => fs.rmSync(path, { recursive: true, force: true })),
  readFile: (path) => attempt('read', path, () => fs.readFileSync(path)),
  replaceFile: (path, bytes) => replaceFileOn(realDisk, path, bytes),
  syncDirectory,
  syncDirectoryNow,
  lockDirectory,
  lockHolder,
  join: (...pieces) => join(...pieces),
};

function entriesOf(path: string): DirectoryEntry[] {
  return fs
    .readdirSync(path, { withFileTypes: true })
    .map((entry) => ({
      name: entry.name,
      isDirectory:
        entry.isDirectory() ||
        (entry.isSymbolicLink() &&
          fs.statSync(join(path, entry.name), { throwIfNoEntry: false })?.isDirectory() === true),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

class RealFile implements DiskFile {
  readonly path: string;
  #handle: number;
  /** Syncs under way; the handle is closed only after them, lest its number be used again. */
  #syncing = 0;
  #closed = false;

  constructor(path: string, handle: number) {
    this.path = path;
    this.#handle = handle;
  }

  size(): number {
    return attempt('measure', this.path, () => fs.fstatSync(this.#handle).size);
  }

  read(target: Uint8Array, position: number): number {
    return attempt('read', this.path, () => {
      let done = 0;
      while (done < target.length) {
        const length = target.length - done;
        const got = fs.readSync(this.#handle, target, done, length, position + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    });
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    attempt('write', this.path, () => {
      let at = position;
      for (let from = 0; from < chunks.length; from += piecesMax) {
        at += this.#writeSome(chunks.slice(from, from + piecesMax), at);
      }
    });
  }

  /** Writes everything, also when the operating system takes it in portions. */
  #writeSome(chunks: readonly Uint8Array[], position: number): number {
    const [only] = chunks;
    const wanted = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    let done =
      only !== undefined && chunks.length === 1
        ? fs.writeSync(this.#handle, only, 0, only.length, position)
        : fs.writevSync(this.#handle, chunks, position);
    if (done < wanted) {
      const rest = Buffer.concat(chunks).subarray(done);
      let written = 0;
      while (written < rest.length) {
        written += fs.writeSync(
          this.#handle,
          rest,
          written,
          rest.length - written,
          position + done + written,
        );
      }
      done = wanted;
    }
    return done;
  }

  truncate(size: number): void {
    attempt('truncate', this.path, () => fs.ftruncateSync(this.#handle, size));
  }

  sync(): Promise<void> {
    this.#syncing += 1;
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#handle, (cause) => {
        this.#syncing -= 1;
        if (this.#closed && this.#syncing === 0) fs.closeSync(this.#handle);
        if (cause === null || cause === undefined) resolve();
        else reject(diskError(cause, 'sync', this.path));
      });
    });
  }

  syncNow(): void {
    attempt('sync', this.path, () => fs.fdatasyncSync(this.#handle));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#syncing > 0) return;
    attempt('close', this.path, () => fs.closeSync(this.#handle));
  }
}
