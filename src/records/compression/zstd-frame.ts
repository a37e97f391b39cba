import { damaged } from './codec-errors.js';

/**
 * One zstd frame inside a buffer. Its blocks are walked by their headers only, which gives the end
 * of the frame and the most it can contain, without trusting any claim (RFC 8878).
 */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** What the header says, where it says anything. */
  readonly contentSize: number | undefined;
  /** The most bytes the frame's blocks can give. */
  readonly bytesMax: number;
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const blockBytesMax = 128 * 1024;
/** The largest window a reader has to accept without being told: what zstd itself takes. */
const windowBytesMax = 2 ** 27;

/** The frames of the bytes in order; skippable ones are left out. */
export function* zstdFrames(bytes: Uint8Array): Generator<ZstdFrame> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (source.length === 0) throw damaged('zstd', 'there is no frame');
  let at = 0;
  while (at < source.length) {
    if (source.length - at < 8) throw damaged('zstd', 'a frame is cut off');
    const magic = source.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      at += 8 + source.readUInt32LE(at + 4);
      if (at > source.length) throw damaged('zstd', 'a skippable frame is cut off');
      continue;
    }
    if (magic !== frameMagic) throw damaged('zstd', `no frame begins at byte ${at}`);
    const frame = frameAt(source, at);
    yield frame;
    at = frame.end;
  }
}

function frameAt(source: Buffer, start: number): ZstdFrame {
  const descriptor = source[start + 4] as number;
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? (singleSegment ? 1 : 0) : 1 << sizeCode;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  if (descriptor & 0x08) throw damaged('zstd', 'a reserved bit is set');
  let at = start + 5;
  const windowAt = at;
  if (!singleSegment) at += 1;
  at += dictionaryBytes;
  if (at + sizeBytes > source.length) throw damaged('zstd', 'a frame header is cut off');
  for (let i = 0; i < dictionaryBytes; i++) {
    if (source[at - dictionaryBytes + i] !== 0) throw damaged('zstd', 'it wants a dictionary');
  }
  const contentSize = sizeBytes === 0 ? undefined : contentSizeAt(source, at, sizeBytes);
  at += sizeBytes;
  const window = singleSegment ? (contentSize ?? 0) : windowSize(source[windowAt] as number);
  if (window > windowBytesMax && !singleSegment) {
    throw damaged('zstd', `its window of ${window} bytes is above ${windowBytesMax}`);
  }
  const blocks = walkBlocks(source, at, Math.min(window, blockBytesMax));
  const end = blocks.end + (descriptor & 0x04 ? 4 : 0);
  if (end > source.length) throw damaged('zstd', 'a checksum is cut off');
  if ((contentSize ?? 0) > blocks.bytesMax) throw damaged('zstd', `it claims ${contentSize} bytes`);
  return { start, end, contentSize, bytesMax: blocks.bytesMax };
}

function contentSizeAt(source: Buffer, at: number, width: number): number {
  if (width === 1) return source[at] as number;
  if (width === 2) return source.readUInt16LE(at) + 256;
  if (width === 4) return source.readUInt32LE(at);
  return source.readUInt32LE(at + 4) * 4294967296 + source.readUInt32LE(at);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function walkBlocks(
  source: Buffer,
  start: number,
  compressedMax: number,
): { end: number; bytesMax: number } {
  let at = start;
  let bytesMax = 0;
  for (let last = false; !last; ) {
    if (at + 3 > source.length) throw damaged('zstd', 'a block header is cut off');
    const header = source.readUIntLE(at, 3);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    last = (header & 1) === 1;
    if (type === 3) throw damaged('zstd', 'a block has the reserved type');
    bytesMax += type === 2 ? compressedMax : size;
    at += 3 + (type === 1 ? 1 : size);
    if (at > source.length) throw damaged('zstd', 'a block is cut off');
  }
  return { end: at, bytesMax };
}
