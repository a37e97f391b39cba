import type { LogSegments } from './log-segments.js';

export interface ReadOptions {
  /** Reads only batches that begin below this offset (high watermark or last stable offset). */
  readonly upTo: number;
  /** Gives the first batch whole even where it is larger than `maxBytes`. */
  readonly minOneBatch: boolean;
}

/** Bytes as a Fetch response carries them; unchanged for as long as someone holds them. */
export interface LogRead {
  /** Whole batches from the one that holds the offset; the last may be cut at `maxBytes`. */
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** Base offset of the first batch; the asked offset when there is nothing to read. */
  readonly baseOffset: number;
}

/**
 * Reads from the segment files: from the batch that holds `offset`, or the first one after it, as
 * much of one segment as `maxBytes` allows, but no batch that begins at or above `upTo`.
 */
export function readSegments(
  segments: LogSegments,
  offset: number,
  maxBytes: number,
  upTo: number,
  minOneBatch: boolean,
): LogRead {
  const nothing = { chunks: [], bytes: 0, baseOffset: offset };
  for (let place = segments.placeOf(offset); place < segments.count; place++) {
    const segment = segments.at(place);
    const first = segment?.find(offset);
    if (segment === undefined || first === undefined) continue;
    if (first.baseOffset >= upTo) return nothing;
    if (first.sizeInBytes > maxBytes && !minOneBatch) return nothing;
    const bytes = segment.read(first.position, Math.max(maxBytes, first.sizeInBytes));
    const cut = bytes.subarray(0, bytesBelow(bytes, upTo));
    return { chunks: [cut], bytes: cut.length, baseOffset: first.baseOffset };
  }
  return nothing;
}

/** How many of the bytes belong to batches that begin below the offset; the last may be cut. */
function bytesBelow(bytes: Buffer, upTo: number): number {
  let position = 0;
  while (bytes.length - position >= 12) {
    if (Number(bytes.readBigInt64BE(position)) >= upTo) return position;
    position += 12 + bytes.readInt32BE(position + 8);
  }
  // Less than the beginning of a header is left, too little to tell whose it is.
  return Math.min(position, bytes.length);
}
