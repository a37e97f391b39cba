import { KafkaError } from '../../errors/index.js';

export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

/**
 * Which leader epoch wrote from which offset on (Kafka's `LeaderEpochFileCache`), kept in
 * `leader-epoch-checkpoint`: a line per epoch that has records. An epoch that was announced but
 * has no records yet counts as beginning at the end of the log, and is not written down.
 */
export class LeaderEpochCache {
  /** Rising in both fields. */
  #entries: EpochStart[] = [];
  #announced = -1;
  /** Whether the file lags behind. */
  changed = false;

  /** The latest epoch with records or announced; -1 without any. */
  get latest(): number {
    return Math.max(this.#announced, this.#entries.at(-1)?.epoch ?? -1);
  }

  get entries(): readonly EpochStart[] {
    return this.#entries;
  }

  announce(epoch: number): void {
    this.#announced = Math.max(this.#announced, epoch);
  }

  /** Notes that records from `startOffset` on are of this epoch; takes back what contradicts. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1);
    if (epoch < 0 || (last?.epoch === epoch && startOffset >= last.startOffset)) return;
    this.#entries = this.#entries.filter(
      (entry) => entry.epoch < epoch && entry.startOffset < startOffset,
    );
    this.#entries.push({ epoch, startOffset });
    this.changed = true;
  }

  /** The epoch of the record at the offset, -1 where unknown. */
  epochAt(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1;
  }

  /** Where an epoch ends, as OffsetForLeaderEpoch answers it. */
  endOffsetFor(
    epoch: number,
    logEndOffset: number,
  ): { readonly epoch: number; readonly endOffset: number } {
    const unknown = { epoch: -1, endOffset: -1 };
    if (epoch < 0) return unknown;
    if (epoch === this.latest) return { epoch, endOffset: logEndOffset };
    const all = [...this.#entries];
    if (this.#announced > (all.at(-1)?.epoch ?? -1)) {
      all.push({ epoch: this.#announced, startOffset: logEndOffset });
    }
    const next = all.find((entry) => entry.epoch > epoch);
    if (next === undefined) return unknown;
    const floor = all.findLast((entry) => entry.epoch <= epoch);
    return { epoch: floor?.epoch ?? epoch, endOffset: next.startOffset };
  }

  /** Forgets epochs that begin at or after the end of the log. */
  truncateFromEnd(endOffset: number): void {
    const kept = this.#entries.filter((entry) => entry.startOffset < endOffset);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.changed = true;
  }

  /** Forgets epochs that end before the start of the log; the one it is in begins there. */
  truncateFromStart(startOffset: number): void {
    const before = this.#entries.filter((entry) => entry.startOffset <= startOffset);
    const current = before.at(-1);
    if (current === undefined) return;
    if (before.length === 1 && current.startOffset === startOffset) return;
    this.#entries = [{ epoch: current.epoch, startOffset }, ...this.#entries.slice(before.length)];
    this.changed = true;
  }

  clear(): void {
    this.#entries = [];
    this.changed = true;
  }

  encode(): Buffer {
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`);
    return Buffer.from(`0\n${lines.length}\n${lines.join('')}`);
  }

  /** Replaces everything by what a checkpoint file says; fails where it is damaged. */
  load(bytes: Buffer): void {
    const [version, count, ...lines] = bytes.toString('utf8').trimEnd().split('\n');
    const entries = lines.map((line) => /^(\d+) (\d+)$/.exec(line));
    const sound = entries.every((entry) => entry !== null) && Number(count) === entries.length;
    if (version !== '0' || !sound) {
      throw new KafkaError('LOG_CORRUPTED', 'A leader epoch checkpoint is damaged.');
    }
    this.#entries = [];
    for (const entry of entries) this.assign(Number(entry?.[1]), Number(entry?.[2]));
    this.changed = false;
  }
}
