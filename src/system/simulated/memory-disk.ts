import { posix } from 'node:path';
import { KafkaError } from '../../errors/index.js';
import type { DirectoryEntry, DirectoryLock, Disk, DiskFile } from '../disk.js';
import { diskError } from '../disk-error.js';
import { replaceFileOn } from '../replace-file.js';
import { DirectoryNode, FileNode, type Node } from './memory-node.js';
import type { SeededRandom } from './seeded-random.js';

export type DiskCall = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'name' | 'syncDirectory';

export interface DiskFault {
  readonly code: 'EIO' | 'ENOSPC';
  /** Fails the nth call from now on that matches (1 = the next one). */
  readonly nth: number;
  /** Only calls of these kinds count; default all that change or sync something. */
  readonly calls?: readonly DiskCall[] | undefined;
  /** Goes on failing every matching call after the nth; default only that one. */
  readonly lasting?: boolean | undefined;
}

export interface MemoryDiskOptions {
  /** Keeps account of what was synced, so that `crash` works; costs memory. Default false. */
  readonly crashable?: boolean | undefined;
  /** When a sync that was begun ends; default the next turn of the event loop. */
  readonly soon?: ((run: () => void) => void) | undefined;
}

const changing: readonly DiskCall[] = [
  'open',
  'write',
  'truncate',
  'sync',
  'name',
  'syncDirectory',
];

/** Files in memory: for brokers without a data directory, and for simulating crashes. */
export class MemoryDisk implements Disk {
  #root: DirectoryNode;
  readonly #crashable: boolean;
  readonly #soon: (run: () => void) => void;
  readonly #locks = new Set<string>();
  #faults: { fault: DiskFault; left: number }[] = [];
  #crashed = false;

  constructor(options: MemoryDiskOptions = {}) {
    this.#crashable = options.crashable ?? false;
    this.#soon = options.soon ?? ((run) => void setImmediate(run));
    this.#root = new DirectoryNode(this.#crashable);
  }

  /** Makes a later call fail. */
  inject(fault: DiskFault): void {
    this.#faults.push({ fault, left: fault.nth });
  }

  /** Takes all injected faults back, as someone freeing space does. */
  heal(): void {
    this.#faults = [];
  }

  /**
   * The disk as it is after the power failed: synced data is there, what was not synced is lost,
   * torn or there, as `random` decides. This disk fails every call from now on, and syncs under
   * way never end.
   */
  crash(random: SeededRandom, options: MemoryDiskOptions = {}): MemoryDisk {
    if (!this.#crashable) throw new KafkaError('INVALID_ARGUMENT', 'The disk is not crashable.');
    this.#crashed = true;
    const survivor = new MemoryDisk({ soon: this.#soon, ...options, crashable: true });
    survivor.#root = this.#root.afterCrash(random);
    return survivor;
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    const { parent, name } = this.#place(path, 'open');
    const existing = parent.now.get(name);
    if (existing instanceof FileNode) return new MemoryFile(path, existing, this.#access);
    if (existing !== undefined) throw failure('EISDIR', 'open', path);
    if (mode !== 'create') throw failure('ENOENT', 'open', path);
    this.#check('open', path);
    const node = new FileNode(this.#crashable);
    parent.change([[name, node]]);
    return new MemoryFile(path, node, this.#access);
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  list(path: string): DirectoryEntry[] {
    return [...this.#directory(path, 'list').now]
      .map(([name, node]) => ({ name, isDirectory: node instanceof DirectoryNode }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  makeDirectory(path: string): void {
    let at = this.#root;
    for (const piece of piecesOf(path)) {
      let next = at.now.get(piece);
      if (next instanceof FileNode) throw failure('ENOTDIR', 'make directory', path);
      if (next === undefined) {
        this.#check('name', path);
        next = new DirectoryNode(this.#crashable);
        at.change([[piece, next]]);
      }
      at = next;
    }
  }

  rename(from: string, to: string): void {
    const source = this.#place(from, 'rename');
    const target = this.#place(to, 'rename');
    const node = source.parent.now.get(source.name);
    if (node === undefined) throw failure('ENOENT', 'rename', from);
    this.#check('name', from);
    if (source.parent === target.parent) {
      source.parent.change([
        [source.name, undefined],
        [target.name, node],
      ]);
      return;
    }
    target.parent.change([[target.name, node]]);
    source.parent.change([[source.name, undefined]]);
  }

  link(from: string, to: string): boolean {
    const source = this.#place(from, 'link');
    const target = this.#place(to, 'link');
    const node = source.parent.now.get(source.name);
    if (!(node instanceof FileNode)) throw failure('ENOENT', 'link', from);
    if (target.parent.now.has(target.name)) throw failure('EEXIST', 'link', to);
    this.#check('name', to);
    target.parent.change([[target.name, node]]);
    return true;
  }

  remove(path: string): void {
    const node = this.#find(path);
    if (node === undefined) return;
    const { parent, name } = this.#place(path, 'remove');
    this.#check('name', path);
    parent.change([[name, undefined]]);
  }

  readFile(path: string): Buffer {
    const file = this.open(path, 'read');
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0);
    return bytes;
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    replaceFileOn(this, path, bytes);
  }

  syncDirectory(path: string): Promise<void> {
    return this.#later('syncDirectory', path, () => {
      const directory = this.#directory(path, 'sync directory');
      const mark = directory.mark();
      return () => directory.syncTo(mark);
    });
  }

  syncDirectoryNow(path: string): void {
    const directory = this.#directory(path, 'sync directory');
    this.#check('syncDirectory', path);
    directory.syncTo(directory.mark());
  }

  async lockDirectory(path: string): Promise<DirectoryLock> {
    this.#directory(path, 'lock');
    const key = piecesOf(path).join('/');
    if (this.#locks.has(key)) {
      throw new KafkaError('DATA_DIRECTORY_LOCKED', `Another broker uses ${path}.`, { path });
    }
    this.#locks.add(key);
    return { release: async () => void this.#locks.delete(key) };
  }

  /** Other programs cannot see this disk. */
  lockHolder(): undefined {
    return undefined;
  }

  join(...pieces: string[]): string {
    return posix.join(...pieces);
  }

  readonly #access: Access = {
    check: (call, path) => this.#check(call, path),
    later: (call, path, begin) => this.#later(call, path, begin),
  };

  /** Begins now what `begin` says and ends it later; a crash in between leaves it unended. */
  #later(call: DiskCall, path: string, begin: () => () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      try {
        this.#check(call, path);
        const end = begin();
        this.#soon(() => {
          if (this.#crashed) return;
          end();
          resolve();
        });
      } catch (error) {
        reject(error as Error);
      }
    });
  }

  #check(call: DiskCall, path: string): void {
    if (this.#crashed) throw failure('EIO', call, path);
    for (const entry of this.#faults) {
      if (!(entry.fault.calls ?? changing).includes(call)) continue;
      entry.left -= 1;
      if (entry.left > 0) continue;
      if (entry.fault.lasting !== true) this.#faults.splice(this.#faults.indexOf(entry), 1);
      throw failure(entry.fault.code, call, path);
    }
  }

  #find(path: string): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const piece of piecesOf(path)) {
      if (!(at instanceof DirectoryNode)) return undefined;
      at = at.now.get(piece);
    }
    return at;
  }

  #directory(path: string, action: string): DirectoryNode {
    if (this.#crashed) throw failure('EIO', action, path);
    const node = this.#find(path);
    if (node === undefined) throw failure('ENOENT', action, path);
    if (node instanceof FileNode) throw failure('ENOTDIR', action, path);
    return node;
  }

  #place(path: string, action: string): { parent: DirectoryNode; name: string } {
    const pieces = piecesOf(path);
    const name = pieces.pop();
    if (name === undefined) throw failure('EINVAL', action, path);
    return { parent: this.#directory(pieces.join('/'), action), name };
  }
}

interface Access {
  check(call: DiskCall, path: string): void;
  later(call: DiskCall, path: string, begin: () => () => void): Promise<void>;
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #node: FileNode;
  readonly #access: Access;

  constructor(path: string, node: FileNode, access: Access) {
    this.path = path;
    this.#node = node;
    this.#access = access;
  }

  size(): number {
    return this.#node.now.size;
  }

  read(target: Uint8Array, position: number): number {
    this.#access.check('read', this.path);
    return this.#node.now.read(target, position);
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const chunk of chunks) {
      try {
        this.#access.check('write', this.path);
      } catch (error) {
        // A failing write may have got half of its bytes onto the disk.
        this.#node.write(chunk.subarray(0, chunk.length >> 1), at);
        throw error;
      }
      this.#node.write(chunk, at);
      at += chunk.length;
    }
  }

  truncate(size: number): void {
    this.#access.check('truncate', this.path);
    this.#node.truncate(size);
  }

  sync(): Promise<void> {
    return this.#access.later('sync', this.path, () => {
      const mark = this.#node.mark();
      return () => this.#node.syncTo(mark);
    });
  }

  syncNow(): void {
    this.#access.check('sync', this.path);
    this.#node.syncTo(this.#node.mark());
  }

  close(): void {
    // Nothing to give back: the node lives as long as a name or a reader holds it.
  }
}

function piecesOf(path: string): string[] {
  return posix
    .normalize(path)
    .split('/')
    .filter((piece) => piece !== '' && piece !== '.');
}

function failure(code: string, action: string, path: string): KafkaError {
  return diskError(Object.assign(new Error(`${code}: ${path}`), { code }), action, path);
}
