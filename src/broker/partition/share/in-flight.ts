import { deliveryState } from '../../coordinator/share/state-batches.js';

const { available, acknowledged, archived } = deliveryState;
export const recordState = { available, acquired: 1, acknowledged, archived } as const;
export type RecordState = (typeof recordState)[keyof typeof recordState];

/** Consecutive records that share one fate. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly state: RecordState;
  readonly deliveryCount: number;
  /** Who has acquired them; null otherwise. */
  readonly memberId: string | null;
  /** Until when, in milliseconds of the monotonic clock; 0 where nobody has them. */
  readonly lockedUntil: number;
  /** The state is not written down yet. */
  readonly dirty: boolean;
}

/** Runs beyond these are thinned: neighbours that are done become one, however they were. */
const runsMax = 10_000;

export function isDone({ state }: Pick<Run, 'state'>): boolean {
  return state === recordState.acknowledged || state === recordState.archived;
}

/**
 * The records between the start of a share partition and its end, as runs that touch each other:
 *
 *     start                                   end (the first record nobody was given yet)
 *       ▼                                      ▼
 *       ├── acquired ──┼─ available ─┼─ done ──┤
 *
 * Plain data behind a few moves; knows nothing of members' rights, logs or time.
 */
export class InFlight {
  #runs: Run[] = [];
  #end: number;

  /** An empty one, at the record that comes first. */
  constructor(start: number) {
    this.#end = start;
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Everything below is done. */
  get start(): number {
    return this.#runs[0]?.first ?? this.#end;
  }

  get end(): number {
    return this.#end;
  }

  /** Records that are done, but lie behind some that are not. */
  get doneCount(): number {
    return this.#runs.reduce((sum, run) => sum + (isDone(run) ? lengthOf(run) : 0), 0);
  }

  /** Records that are not done. */
  get openCount(): number {
    return this.#end - this.start - this.doneCount;
  }

  /** Where the next records are to be read: the first available one, or behind all. */
  get nextOffset(): number {
    return this.#runs.find(({ state }) => state === recordState.available)?.first ?? this.#end;
  }

  /** Appends records at the end. */
  push(length: number, like: Omit<Run, 'first' | 'last'>): void {
    if (length <= 0) return;
    const pushed = { ...like, first: this.#end, last: this.#end + length - 1 };
    const before = this.#runs.splice(-1);
    this.#runs.push(...merged([...before, pushed], isAlike));
    this.#end += length;
    this.#thin();
  }

  /**
   * Changes the records of a range, run by run, cutting runs at its edges. `change` gets what lies
   * inside, and gives back what becomes of it; the same run where nothing does.
   */
  change(first: number, last: number, change: (run: Run) => Run): void {
    const runs = this.#runs;
    const place = this.#placeOf(first);
    const changed: Run[] = [];
    let count = 0;
    for (let run = runs[place]; run !== undefined && run.first <= last; ) {
      const from = Math.max(run.first, first);
      const to = Math.min(run.last, last);
      if (run.first < from) changed.push({ ...run, last: from - 1 });
      changed.push({ ...change({ ...run, first: from, last: to }), first: from, last: to });
      if (run.last > to) changed.push({ ...run, first: to + 1 });
      count += 1;
      run = runs[place + count];
    }
    if (count === 0) return;
    // The neighbours may be alike now.
    const from = Math.max(0, place - 1);
    const to = Math.min(runs.length, place + count + 1);
    const around = [...runs.slice(from, place), ...changed, ...runs.slice(place + count, to)];
    runs.splice(from, to - from, ...merged(around, isAlike));
    this.#thin();
  }

  /** What lies in a range, cut at its edges. */
  *within(first: number, last: number): Iterable<Run> {
    for (let at = this.#placeOf(first); ; at++) {
      const run = this.#runs[at];
      if (run === undefined || run.first > last) return;
      yield { ...run, first: Math.max(run.first, first), last: Math.min(run.last, last) };
    }
  }

  /** The first run that does not end before the offset. */
  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.last ?? offset) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A copy to come back to. */
  save(): readonly Run[] {
    return this.#runs.slice();
  }

  restore(saved: readonly Run[]): void {
    this.#runs = [...saved];
  }

  /** Records before the offset are gone, whatever they were. */
  dropBefore(offset: number): void {
    const kept = this.#runs.filter(({ last }) => last >= offset);
    this.#runs = kept.map((run) => (run.first < offset ? { ...run, first: offset } : run));
    this.#end = Math.max(this.#end, offset);
  }

  /** Forgets the records at the start that are done, and written down as such. */
  dropDone(): void {
    const kept = this.#runs.findIndex((run) => !isDone(run) || run.dirty);
    this.#runs.splice(0, kept === -1 ? this.#runs.length : kept);
  }

  /** The runs whose state is to be written down; from here on they count as written. */
  takeDirty(): Run[] {
    const dirty = this.#runs.filter((run) => run.dirty);
    if (dirty.length > 0) {
      const clean = this.#runs.map((run) => (run.dirty ? { ...run, dirty: false } : run));
      this.#runs = merged(clean, isAlike);
    }
    return dirty;
  }

  #thin(): void {
    if (this.#runs.length <= runsMax) return;
    this.#runs = merged(this.#runs, (one, other) => isDone(one) && isDone(other));
  }
}

function merged(runs: readonly Run[], belong: (one: Run, other: Run) => boolean): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const before = result[result.length - 1];
    if (before === undefined || !belong(before, run)) {
      result.push(run);
      continue;
    }
    result[result.length - 1] = {
      ...before,
      last: run.last,
      state: before.state > run.state ? before.state : run.state,
      deliveryCount: Math.max(before.deliveryCount, run.deliveryCount),
      dirty: before.dirty || run.dirty,
    };
  }
  return result;
}

/** How often records were delivered that are done does not matter any more. */
function isAlike(one: Run, other: Run): boolean {
  if (one.state !== other.state || one.dirty !== other.dirty) return false;
  if (isDone(one)) return true;
  return (
    one.deliveryCount === other.deliveryCount &&
    one.memberId === other.memberId &&
    one.lockedUntil === other.lockedUntil
  );
}

export function lengthOf({ first, last }: Pick<Run, 'first' | 'last'>): number {
  return last - first + 1;
}
