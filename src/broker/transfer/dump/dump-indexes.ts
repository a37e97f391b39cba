import { KafkaError } from '../../../errors/index.js';
import type { Disk } from '../../../system/index.js';
import { offsetOfFile, suffix } from '../../log/file-names.js';
import { decodeSnapshot } from '../../log/producer-snapshot.js';
import { batchesOfFile, nameOf, noLong } from './dump-batches.js';
import type { DumpOptions } from './dump-options.js';

const everything = Number.MAX_SAFE_INTEGER;

/** `.index`: printed, compared with the log beside it, or only asked whether it is sound. */
export function* dumpOffsetIndex(
  disk: Disk,
  path: string,
  options: DumpOptions,
): Generator<string> {
  const bytes = disk.readFile(path);
  const base = baseOf(path, suffix.offsetIndex);
  if (options.indexSanityCheck === true) {
    ensureEntries(bytes, 8, path);
    const at = lastEntry(bytes, 8);
    if (at >= 0 && base + bytes.readInt32BE(at) <= base && bytes.readInt32BE(at + 4) !== 0) {
      throw unsound(path, `its last entry is ${base + bytes.readInt32BE(at)}`);
    }
    yield `${path} passed sanity check.`;
    return;
  }
  if (bytes.length === 0) yield `${path} is empty.`;
  const batches = batchesBeside(disk, path, suffix.offsetIndex);
  const mismatches: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const offset = base + bytes.readInt32BE(at);
    const position = bytes.readInt32BE(at + 4);
    // The file of a running broker is longer than its entries; zeros follow them.
    if (offset === base && at > 0) break;
    const found = batches.get(position);
    if (found === undefined || offset < found.baseOffset || offset > found.lastOffset) {
      const what = found === undefined ? 'nothing' : `log offset: ${found.lastOffset}`;
      mismatches.push(`  Index offset: ${offset}, ${what} at ${position}`);
    }
    if (options.verifyIndexOnly !== true) yield `offset: ${offset} position: ${position}`;
  }
  if (mismatches.length > 0) yield `Mismatches in :${path}`;
  yield* mismatches;
}

/** `.timeindex`, likewise. */
export function* dumpTimeIndex(disk: Disk, path: string, options: DumpOptions): Generator<string> {
  const bytes = disk.readFile(path);
  const base = baseOf(path, suffix.timeIndex);
  if (options.indexSanityCheck === true) {
    ensureEntries(bytes, 12, path);
    yield `${path} passed sanity check.`;
    return;
  }
  const batches = [...batchesBeside(disk, path, suffix.timeIndex).values()];
  const mismatches: string[] = [];
  let before = -1;
  for (let at = 0; at + 12 <= bytes.length; at += 12) {
    const timestamp = Number(bytes.readBigInt64BE(at));
    const offset = base + bytes.readInt32BE(at + 8);
    if (offset === base && at > 0) break;
    const newest = newestUpTo(batches, offset);
    if (newest > timestamp) {
      mismatches.push(`  Index timestamp: ${timestamp}, log timestamp: ${newest} up to ${offset}`);
    }
    if (timestamp < before) mismatches.push(`  Index timestamp: ${timestamp} after ${before}`);
    before = timestamp;
    if (options.verifyIndexOnly !== true) yield `timestamp: ${timestamp} offset: ${offset}`;
  }
  if (mismatches.length > 0) yield `Found timestamp mismatch in :${path}`;
  yield* mismatches;
}

/** `.txnindex`: the aborted transactions of a segment. */
export function* dumpTransactionIndex(disk: Disk, path: string): Generator<string> {
  const bytes = disk.readFile(path);
  for (let at = 0; at + 34 <= bytes.length; at += 34) {
    const [producerId, first, last, stable] = [2, 10, 18, 26].map((field) =>
      Number(bytes.readBigInt64BE(at + field)),
    );
    yield `version: ${bytes.readInt16BE(at)} producerId: ${producerId} firstOffset: ${first} ` +
      `lastOffset: ${last} lastStableOffset: ${stable}`;
  }
  if (bytes.length % 34 !== 0) throw unsound(path, `it has ${bytes.length} bytes`);
}

/** `.snapshot`: the producers before an offset. */
export function* dumpSnapshot(disk: Disk, path: string): Generator<string> {
  for (const entry of decodeSnapshot(disk.readFile(path))) {
    const start = entry.transactionStart;
    const last = entry.lastBatch;
    const open = start < 0 ? noLong : `OptionalLong[${start}]`;
    const facts =
      `producerId: ${entry.producerId} producerEpoch: ${entry.producerEpoch} ` +
      `coordinatorEpoch: ${entry.coordinatorEpoch} currentTxnFirstOffset: ${open} ` +
      `lastTimestamp: ${entry.lastTimestamp}`;
    yield last === undefined
      ? facts
      : `${facts} firstSequence: ${last.firstSequence} lastSequence: ${last.lastSequence} ` +
        `lastOffset: ${last.lastOffset} offsetDelta: ${last.offsetDelta} ` +
        `timestamp: ${last.timestamp}`;
  }
}

/** Checkpoints and property files are text already. */
export function* dumpText(disk: Disk, path: string): Generator<string> {
  const text = disk.readFile(path).toString();
  yield* text.replace(/\n$/, '').split('\n');
}

interface Extent {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
}

/** The batches of the `.log` that an index belongs to, by position; none where there is no log. */
function batchesBeside(disk: Disk, path: string, ending: string): Map<number, Extent> {
  const log = path.slice(0, -ending.length) + suffix.log;
  const found = new Map<number, Extent>();
  if (!disk.exists(log)) return found;
  const file = disk.open(log, 'read');
  try {
    for (const { position, batch } of batchesOfFile(file, everything)) {
      const { baseOffset, lastOffset, maxTimestamp } = batch;
      found.set(position, { baseOffset, lastOffset, maxTimestamp });
    }
  } finally {
    file.close();
  }
  return found;
}

function newestUpTo(batches: readonly Extent[], offset: number): number {
  let newest = -1;
  for (const { baseOffset, maxTimestamp } of batches) {
    if (baseOffset > offset) break;
    newest = Math.max(newest, maxTimestamp);
  }
  return newest;
}

function baseOf(path: string, ending: string): number {
  const base = offsetOfFile(nameOf(path), ending);
  if (base !== undefined) return base;
  throw unsound(path, 'its name is no offset of twenty digits');
}

/** Where the last entry begins that is not zeros; -1 without any. */
function lastEntry(bytes: Buffer, size: number): number {
  let at = bytes.length - size;
  while (at > 0 && bytes.subarray(at, at + size).every((byte) => byte === 0)) at -= size;
  return at;
}

function ensureEntries(bytes: Buffer, size: number, path: string): void {
  if (bytes.length % size !== 0) throw unsound(path, `${bytes.length} bytes are no whole entries`);
}

function unsound(path: string, why: string): KafkaError {
  return new KafkaError('LOG_CORRUPTED', `${path} is not sound: ${why}.`, { path });
}
