import type { AbortedTransaction } from '../../log/index.js';
import type { Partition } from '../partition.js';
import type { AcquiredRecords, ReadBatch } from './share-partition.js';

const lengthAt = 8;
const attributesAt = 21;
const lastOffsetDeltaAt = 23;
const producerIdAt = 43;
const countAt = 57;
const headerBytes = 61;
/** Base offset and length, which the length does not count. */
const overhead = 12;

const transactionalBit = 0x10;
const controlBit = 0x20;

interface PlacedBatch extends ReadBatch {
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
}

/** Whole batches of a partition, and where their bytes lie. */
export interface ShareRead {
  readonly batches: readonly PlacedBatch[];
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
}

export interface ShareReadLimits {
  readonly maxBytes: number;
  /** Aborted records are not for members, and open transactions are not read at all. */
  readonly readCommitted: boolean;
}

const nothing: ShareRead = { batches: [], chunks: [], bytes: 0 };

/** Reads from an offset on; at least one batch, however large, if there is any. */
export function readForShare(
  partition: Partition,
  offset: number,
  { maxBytes, readCommitted }: ShareReadLimits,
): ShareRead {
  const upTo = readCommitted ? partition.lastStableOffset : partition.highWatermark;
  const from = Math.max(offset, partition.logStartOffset);
  if (from >= upTo) return nothing;
  const { chunks, bytes } = partition.read(from, Math.max(maxBytes, 1), upTo, true);
  const batches = chunks.flatMap((chunk, at) => wholeBatches(chunk, at));
  const last = batches[batches.length - 1]?.last ?? from;
  const aborted = readCommitted ? partition.log.abortedTransactions(from, last + 1) : [];
  return { batches: withoutAborted(batches, chunks, aborted), chunks, bytes };
}

function wholeBatches(chunk: Buffer, place: number): PlacedBatch[] {
  const batches: PlacedBatch[] = [];
  for (let from = 0; from + headerBytes <= chunk.length; ) {
    const to = from + overhead + chunk.readInt32BE(from + lengthAt);
    if (to > chunk.length) break;
    const first = Number(chunk.readBigInt64BE(from));
    const last = first + chunk.readInt32BE(from + lastOffsetDeltaAt);
    const isControl = (chunk.readInt16BE(from + attributesAt) & controlBit) !== 0;
    const isForMembers = !isControl && chunk.readInt32BE(from + countAt) > 0;
    batches.push({ first, last, isForMembers, chunk: place, from, to });
    from = to;
  }
  return batches;
}

function withoutAborted(
  batches: PlacedBatch[],
  chunks: readonly Buffer[],
  aborted: readonly AbortedTransaction[],
): PlacedBatch[] {
  if (aborted.length === 0) return batches;
  return batches.map((batch) => {
    const { chunk: place, from, first } = batch;
    const chunk = chunks[place];
    if (chunk === undefined || !batch.isForMembers) return batch;
    if ((chunk.readInt16BE(from + attributesAt) & transactionalBit) === 0) return batch;
    const producerId = Number(chunk.readBigInt64BE(from + producerIdAt));
    const isAborted = aborted.some(
      (one) => one.producerId === producerId && one.firstOffset <= first && first <= one.lastOffset,
    );
    return isAborted ? { ...batch, isForMembers: false } : batch;
  });
}

/** The bytes of the batches that hold what was acquired, and of those between them. */
export function recordsFor(
  { batches, chunks }: ShareRead,
  acquired: readonly AcquiredRecords[],
): Buffer[] {
  const first = acquired[0]?.firstOffset;
  const last = acquired[acquired.length - 1]?.lastOffset;
  if (first === undefined || last === undefined) return [];
  const kept = batches.filter((batch) => batch.last >= first && batch.first <= last);
  return chunks.flatMap((chunk, place) => {
    const here = kept.filter((batch) => batch.chunk === place);
    const from = here[0]?.from;
    const to = here[here.length - 1]?.to;
    return from === undefined || to === undefined ? [] : [chunk.subarray(from, to)];
  });
}
