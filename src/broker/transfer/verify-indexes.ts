import type { ScannedBatch } from '../log/batch-scan.js';
import type { Findings } from './verify-report.js';

const offsetEntryBytes = 8;
const timeEntryBytes = 12;

/**
 * Compares the entries of an offset index with the batches of its segment, which come in order:
 * each entry must name the last offset of the batch that begins at its position.
 */
export class OffsetIndexCheck {
  readonly #bytes: Buffer;
  readonly #path: string;
  readonly #base: number;
  readonly #findings: Findings;
  #at = 0;

  constructor(bytes: Buffer, path: string, base: number, findings: Findings) {
    this.#bytes = bytes;
    this.#path = path;
    this.#base = base;
    this.#findings = findings;
    if (bytes.length % offsetEntryBytes !== 0) {
      findings.error(path, `${bytes.length} bytes are no whole number of entries.`);
    }
  }

  see({ batch, position }: ScannedBatch): void {
    while (this.#at + offsetEntryBytes <= this.#bytes.length) {
      const offset = this.#base + this.#bytes.readInt32BE(this.#at);
      const place = this.#bytes.readInt32BE(this.#at + 4);
      if (place > position) return;
      if (place < position || offset !== batch.lastOffset) {
        this.#findings.error(
          this.#path,
          `An entry for offset ${offset} points to byte ${place}, where no such batch begins.`,
        );
      }
      this.#at += offsetEntryBytes;
    }
  }

  /** All batches were seen: what is left points behind them. */
  end(): void {
    const left = Math.floor((this.#bytes.length - this.#at) / offsetEntryBytes);
    if (left > 0) {
      this.#findings.error(this.#path, `${left} entries point behind the last batch.`);
    }
  }
}

/** The same for a time index: a batch with the offset must have exactly that greatest timestamp. */
export class TimeIndexCheck {
  readonly #bytes: Buffer;
  readonly #path: string;
  readonly #base: number;
  readonly #findings: Findings;
  #at = 0;
  #before = -1;

  constructor(bytes: Buffer, path: string, base: number, findings: Findings) {
    this.#bytes = bytes;
    this.#path = path;
    this.#base = base;
    this.#findings = findings;
    if (bytes.length % timeEntryBytes !== 0) {
      findings.error(path, `${bytes.length} bytes are no whole number of entries.`);
    }
  }

  see({ batch }: ScannedBatch): void {
    while (this.#at + timeEntryBytes <= this.#bytes.length) {
      const timestamp = Number(this.#bytes.readBigInt64BE(this.#at));
      const offset = this.#base + this.#bytes.readInt32BE(this.#at + 8);
      if (offset > batch.lastOffset) return;
      // A segment without timestamps has one entry that says so.
      const says = timestamp === batch.maxTimestamp && offset >= batch.baseOffset;
      if (timestamp >= 0 && (!says || timestamp < this.#before)) {
        this.#findings.error(
          this.#path,
          `An entry gives offset ${offset} the timestamp ${timestamp}, which its batch has not.`,
        );
      }
      this.#before = timestamp;
      this.#at += timeEntryBytes;
    }
  }

  end(): void {
    const left = Math.floor((this.#bytes.length - this.#at) / timeEntryBytes);
    // An empty segment has an entry for no timestamp at all.
    const isNothing = left === 1 && this.#bytes.readBigInt64BE(this.#at) <= 0n;
    if (left > 0 && !isNothing) {
      this.#findings.error(this.#path, `${left} entries speak of offsets behind the last batch.`);
    }
  }
}
