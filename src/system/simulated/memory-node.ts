import type { SeededRandom } from './seeded-random.js';
import { SparseBytes } from './sparse-bytes.js';

export const sectorBytes = 512;

/** What a crash does to writes that were not synced; one is drawn per file or directory. */
type Loss = 'all' | 'none' | 'prefix' | 'scattered';
const losses: readonly Loss[] = ['all', 'none', 'prefix', 'scattered', 'scattered'];

type FileStep =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

/** A file: what a reader sees now, and (in simulations) what a crash is sure to keep. */
export class FileNode {
  readonly now = new SparseBytes();
  #safe: SparseBytes | undefined;
  /** Steps since the last sync, oldest first; emptied by each sync. */
  #unsynced: FileStep[] = [];

  constructor(crashable: boolean) {
    if (crashable) this.#safe = new SparseBytes();
  }

  write(bytes: Uint8Array, position: number): void {
    this.now.write(bytes, position);
    if (this.#safe) this.#unsynced.push({ kind: 'write', position, bytes: Buffer.from(bytes) });
  }

  truncate(size: number): void {
    this.now.truncate(size);
    if (this.#safe) this.#unsynced.push({ kind: 'truncate', size });
  }

  /** The steps that a sync which begins now makes safe. */
  mark(): readonly FileStep[] {
    return this.#unsynced.slice();
  }

  /** Ends a sync: the steps that had been taken when it began are safe. */
  syncTo(mark: readonly FileStep[]): void {
    if (this.#safe === undefined) return;
    const done = new Set(mark);
    for (const step of this.#unsynced) if (done.has(step)) apply(this.#safe, step);
    this.#unsynced = this.#unsynced.filter((step) => !done.has(step));
  }

  /**
   * The file after a crash. Unsynced writes reach the disk by sectors, in any order: each sector
   * holds its synced content or that of any of the writes since. The length may have grown ahead
   * of the data, which then reads as zeros.
   */
  afterCrash(random: SeededRandom): FileNode {
    const survivor = new FileNode(true);
    const content = (this.#safe ?? this.now).copy();
    const loss = random.pick(losses);
    const steps = this.#unsynced;
    if (loss === 'none') for (const step of steps) apply(content, step);
    if (loss === 'prefix') {
      const kept = random.below(steps.length + 1);
      for (const step of steps.slice(0, kept)) apply(content, step);
      const torn = steps[kept];
      if (torn?.kind === 'write') content.write(tornPart(torn.bytes, random), torn.position);
    }
    if (loss === 'scattered') scatter(content, steps, random);
    if (loss !== 'none' && random.chance(0.25) && this.now.size > content.size) {
      content.truncate(this.now.size);
    }
    const bytes = Buffer.alloc(content.size);
    content.read(bytes, 0);
    survivor.write(bytes, 0);
    survivor.truncate(bytes.length);
    survivor.syncTo(survivor.mark());
    return survivor;
  }
}

function apply(content: SparseBytes, step: FileStep): void {
  if (step.kind === 'truncate') content.truncate(step.size);
  else content.write(step.bytes, step.position);
}

function tornPart(bytes: Buffer, random: SeededRandom): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

/** For each sector a number of its writes is drawn; those beyond it are lost. */
function scatter(content: SparseBytes, steps: readonly FileStep[], random: SeededRandom): void {
  const touched = new Map<number, number>();
  for (const step of steps) {
    for (const sector of sectorsOf(step)) touched.set(sector, (touched.get(sector) ?? 0) + 1);
  }
  const allowed = new Map<number, number>();
  for (const [sector, times] of touched) allowed.set(sector, random.below(times + 1));
  const seen = new Map<number, number>();
  for (const step of steps) {
    if (step.kind === 'truncate') {
      if (random.chance(0.5)) content.truncate(step.size);
      continue;
    }
    for (const sector of sectorsOf(step)) {
      const time = (seen.get(sector) ?? 0) + 1;
      seen.set(sector, time);
      if (time > (allowed.get(sector) ?? 0)) continue;
      const from = Math.max(step.position, sector * sectorBytes);
      const to = Math.min(step.position + step.bytes.length, (sector + 1) * sectorBytes);
      content.write(step.bytes.subarray(from - step.position, to - step.position), from);
    }
  }
}

function sectorsOf(step: FileStep): number[] {
  if (step.kind === 'truncate' || step.bytes.length === 0) return [];
  const first = Math.floor(step.position / sectorBytes);
  const last = Math.floor((step.position + step.bytes.length - 1) / sectorBytes);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

export type Node = FileNode | DirectoryNode;
/** One atomic change of names: all its pairs or none. */
type NameStep = readonly (readonly [name: string, node: Node | undefined])[];

/** A directory: its names now, and those that a crash is sure to keep. */
export class DirectoryNode {
  readonly now = new Map<string, Node>();
  readonly #safe = new Map<string, Node>();
  #unsynced: NameStep[] = [];
  readonly #crashable: boolean;

  constructor(crashable: boolean) {
    this.#crashable = crashable;
  }

  change(step: NameStep): void {
    applyNames(this.now, step);
    if (this.#crashable) this.#unsynced.push(step);
  }

  mark(): readonly NameStep[] {
    return this.#unsynced.slice();
  }

  /** Ends a sync: the changes that had been made when it began are safe. */
  syncTo(mark: readonly NameStep[]): void {
    const done = new Set(mark);
    for (const step of this.#unsynced) if (done.has(step)) applyNames(this.#safe, step);
    this.#unsynced = this.#unsynced.filter((step) => !done.has(step));
  }

  /** The directory after a crash: name changes are journalled, so a prefix of them survives. */
  afterCrash(random: SeededRandom): DirectoryNode {
    const names = new Map(this.#safe);
    for (const step of this.#unsynced.slice(0, random.below(this.#unsynced.length + 1))) {
      applyNames(names, step);
    }
    const survivor = new DirectoryNode(true);
    for (const [name, node] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      survivor.change([[name, node.afterCrash(random)]]);
    }
    survivor.syncTo(survivor.mark());
    return survivor;
  }
}

function applyNames(names: Map<string, Node>, step: NameStep): void {
  for (const [name, node] of step) {
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
}
