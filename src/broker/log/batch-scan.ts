import { RecordBatch } from '../../records/index.js';
import type { DiskFile } from '../../system/index.js';

/** Bytes of a batch header. */
export const headerBytes = 61;
/** Base offset and length: what has to be known before anything else. */
const overheadBytes = 12;
const windowBytes = 1024 * 1024;

/** Why a scan ended before the end of the file. */
export interface BadBatch {
  readonly position: number;
  readonly reason: string;
}

export interface ScannedBatch {
  readonly batch: RecordBatch;
  /** In the file; `batch.position` is in a buffer that is used again. */
  readonly position: number;
}

/**
 * Walks over all batches of a segment file from `start` on, checking sizes, order and checksums,
 * with a window of 1 MiB (or the largest batch). Each batch is valid only during its call. Gives
 * the first thing that is no sound batch, or undefined when the file ends with a whole one.
 */
export function scanBatches(
  file: DiskFile,
  start: number,
  firstOffset: number,
  visit: (found: ScannedBatch) => void,
): BadBatch | undefined {
  const size = file.size();
  let window = Buffer.allocUnsafeSlow(Math.max(headerBytes, Math.min(windowBytes, size - start)));
  let from = start;
  let filled = 0;
  let position = start;
  let expected = firstOffset;
  const load = (needed: number) => {
    if (needed > window.length) window = Buffer.allocUnsafeSlow(needed);
    from = position;
    filled = file.read(window.subarray(0, Math.min(window.length, size - from)), from);
  };
  while (position < size) {
    const bad = (reason: string): BadBatch => ({ position, reason });
    if (size - position < headerBytes) return bad('a header is cut off');
    if (position + headerBytes > from + filled) load(headerBytes);
    const length = window.readInt32BE(position - from + 8);
    const bytes = overheadBytes + length;
    if (length === 0) return bad('zeros');
    if (bytes < headerBytes) return bad(`a length of ${length}`);
    if (position + bytes > size) return bad('a batch is cut off');
    if (position + bytes > from + filled) load(bytes);
    const at = position - from;
    const magic = window.readInt8(at + 16);
    if (magic !== 2) return bad(`a magic of ${magic}`);
    const batch = new RecordBatch(window, at);
    if (!batch.isValid()) return bad('a checksum that does not fit');
    const base = Number(window.readBigInt64BE(at));
    if (base < expected || !Number.isSafeInteger(base) || batch.lastOffsetDelta < 0) {
      return bad(`offset ${base} where at least ${expected} is due`);
    }
    visit({ batch, position });
    expected = batch.nextOffset;
    position += bytes;
  }
  return undefined;
}

/** The facts of a batch that can be had without reading all of it. */
export interface BatchHeader {
  readonly position: number;
  readonly sizeInBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly lastOffsetDelta: number;
  readonly maxTimestamp: number;
  readonly isControl: boolean;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

const scratch = Buffer.alloc(headerBytes);

/** The header of the batch at a position below `end`; undefined where no whole batch stands. */
export function headerAt(file: DiskFile, position: number, end: number): BatchHeader | undefined {
  if (end - position < headerBytes) return undefined;
  if (file.read(scratch, position) < headerBytes) return undefined;
  const sizeInBytes = overheadBytes + scratch.readInt32BE(8);
  if (sizeInBytes < headerBytes || position + sizeInBytes > end) return undefined;
  const baseOffset = int64At(0);
  const lastOffsetDelta = scratch.readInt32BE(23);
  return {
    position,
    sizeInBytes,
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    lastOffsetDelta,
    maxTimestamp: int64At(35),
    isControl: (scratch.readInt16BE(21) & 0x20) !== 0,
    producerId: int64At(43),
    producerEpoch: scratch.readInt16BE(51),
    baseSequence: scratch.readInt32BE(53),
  };
}

/** What appending checked once needs no second check: no honest value is beyond 2^53. */
function int64At(at: number): number {
  return scratch.readInt32BE(at) * 4294967296 + scratch.readUInt32BE(at + 4);
}
