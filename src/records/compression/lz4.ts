import { damaged, tooLarge } from './codec-errors.js';
import { lz4BlockBound, lz4CompressBlock, lz4DecompressBlock } from './lz4-block.js';
import { lz4CompressBlockHigh } from './lz4-block-high.js';
import { xxhash32 } from './xxhash32.js';

/**
 * The lz4 frame, little-endian:
 *
 *   magic 04 22 4d 18 | FLG | BD | content size u64? | dictionary id u32? | header checksum
 *   per block: size u32 (highest bit: not compressed), bytes, checksum u32?
 *   size 0 | content checksum u32?
 *
 * Written as Kafka's Java client does, which reads nothing else: independent blocks of 64 KiB
 * without checksums and sizes. Read: everything the frame format allows but dictionaries.
 */
const frameMagic = 0x184d2204;
const skippableMagic = 0x184d2a50;
const uncompressedBlock = 0x80000000;
const blockSize = 64 * 1024;

const flag = { contentChecksum: 0x04, contentSize: 0x08, blockChecksum: 0x10, dictionary: 0x01 };

export interface Lz4Options {
  /**
   * Checks (or writes) the header checksum over the magic too, as Kafka before 0.10 did by mistake
   * and clients that read magic 0 still expect (KIP-57).
   */
  readonly oldHeaderChecksum?: boolean | undefined;
  /**
   * How hard to try, 1 to 17, as `compression.lz4.level` of Kafka. Default 9, which stands for the
   * fast way there; every other level searches, the longer the higher it is.
   */
  readonly level?: number | undefined;
}

/** The level that means the fast way, as with Kafka. */
export const lz4LevelDefault = 9;

export function lz4Compress(bytes: Uint8Array, options: Lz4Options = {}): Buffer {
  const { level = lz4LevelDefault } = options;
  const blocks = Math.ceil(bytes.length / blockSize);
  const bound = 11 + blocks * (4 + lz4BlockBound(Math.min(blockSize, bytes.length)));
  const target = Buffer.allocUnsafeSlow(bound);
  target.writeUInt32LE(frameMagic, 0);
  target[4] = 0x60;
  target[5] = 0x40;
  target[6] = headerChecksum(target, options.oldHeaderChecksum ? 0 : 4, 6);
  let to = 7;
  for (let from = 0; from < bytes.length; from += blockSize) {
    const end = Math.min(from + blockSize, bytes.length);
    const blockEnd =
      level === lz4LevelDefault
        ? lz4CompressBlock(bytes, from, end, target, to + 4)
        : lz4CompressBlockHigh(bytes, from, end, target, to + 4, level);
    const size = blockEnd - to - 4;
    if (size < end - from) {
      target.writeUInt32LE(size, to);
      to = blockEnd;
    } else {
      target.writeUInt32LE((uncompressedBlock | (end - from)) >>> 0, to);
      target.set(bytes.subarray(from, end), to + 4);
      to += 4 + end - from;
    }
  }
  target.writeUInt32LE(0, to);
  return Buffer.from(target.subarray(0, to + 4));
}

/** The second byte of xxHash32 over the frame descriptor. */
function headerChecksum(bytes: Uint8Array, start: number, end: number): number {
  return (xxhash32(bytes, start, end) >>> 8) & 0xff;
}

interface Frame {
  readonly flags: number;
  readonly blockBytesMax: number;
  readonly blocksStart: number;
}

/** Reads one or several frames; skippable frames between them are passed over. */
export function lz4Decompress(bytes: Uint8Array, maxBytes: number): Buffer {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const output = new Output(Math.min(maxBytes, Math.max(source.length * 4, 1024)), maxBytes);
  let at = 0;
  if (source.length < 4) throw damaged('lz4', 'the frame is cut off');
  while (at < source.length) {
    if (source.length - at < 4) throw damaged('lz4', 'bytes are left after the frame');
    const magic = source.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      if (source.length - at < 8) throw damaged('lz4', 'a skippable frame is cut off');
      at += 8 + source.readUInt32LE(at + 4);
      if (at > source.length) throw damaged('lz4', 'a skippable frame is cut off');
      continue;
    }
    if (magic !== frameMagic) {
      throw damaged('lz4', `no frame begins at byte ${at}`);
    }
    at = readBlocks(source, readHeader(source, at), output);
  }
  return output.bytes();
}

function readHeader(source: Buffer, at: number): Frame {
  if (source.length - at < 7) throw damaged('lz4', 'the frame header is cut off');
  const flags = source[at + 4] as number;
  const descriptor = source[at + 5] as number;
  if (flags >> 6 !== 1) throw damaged('lz4', `its version is ${flags >> 6}`);
  if (flags & flag.dictionary) throw damaged('lz4', 'it wants a dictionary');
  const sizeCode = (descriptor >> 4) & 7;
  if (sizeCode < 4) throw damaged('lz4', `its block size code is ${sizeCode}`);
  const end = at + 6 + (flags & flag.contentSize ? 8 : 0);
  if (end >= source.length) throw damaged('lz4', 'the frame header is cut off');
  const checksum = source[end];
  if (
    checksum !== headerChecksum(source, at + 4, end) &&
    checksum !== headerChecksum(source, at, end)
  ) {
    throw damaged('lz4', 'the header checksum is wrong');
  }
  return { flags, blockBytesMax: 1 << (2 * sizeCode + 8), blocksStart: end + 1 };
}

/** Decompresses the blocks of a frame and returns where the frame ends. */
function readBlocks(source: Buffer, frame: Frame, output: Output): number {
  const frameStart = output.length;
  let at = frame.blocksStart;
  for (;;) {
    if (source.length - at < 4) throw damaged('lz4', 'the frame has no end mark');
    const word = source.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    const trailer = frame.flags & flag.blockChecksum ? 4 : 0;
    if (size > frame.blockBytesMax || size + trailer > source.length - at) {
      throw damaged('lz4', `a block of ${size} bytes does not fit`);
    }
    if (trailer > 0 && xxhash32(source, at, at + size) !== source.readUInt32LE(at + size)) {
      throw damaged('lz4', 'a block checksum is wrong');
    }
    if (word >= uncompressedBlock) output.append(source.subarray(at, at + size));
    else output.decompress(source, at, at + size, frame.blockBytesMax, frameStart);
    at += size + trailer;
  }
  if ((frame.flags & flag.contentChecksum) === 0) return at;
  if (source.length - at < 4) throw damaged('lz4', 'the content checksum is cut off');
  if (xxhash32(output.bytes(), frameStart, output.length) !== source.readUInt32LE(at)) {
    throw damaged('lz4', 'the content checksum is wrong');
  }
  return at + 4;
}

/** A buffer that grows with what the blocks really give, never by what a header claims. */
class Output {
  #buffer: Buffer;
  readonly #maxBytes: number;
  length = 0;

  constructor(capacity: number, maxBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#maxBytes = maxBytes;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  append(bytes: Uint8Array): void {
    while (this.length + bytes.length > this.#buffer.length) this.#grow();
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  decompress(
    source: Buffer,
    start: number,
    end: number,
    blockBytesMax: number,
    history: number,
  ): void {
    for (;;) {
      const limit = Math.min(this.#buffer.length, this.length + blockBytesMax);
      const to = lz4DecompressBlock(source, start, end, this.#buffer, this.length, limit, history);
      if (to >= 0) {
        this.length = to;
        return;
      }
      if (limit < this.#buffer.length) {
        throw damaged('lz4', `a block gives more than ${blockBytesMax} bytes`);
      }
      this.#grow();
    }
  }

  #grow(): void {
    if (this.#buffer.length >= this.#maxBytes) throw tooLarge('lz4', this.#maxBytes);
    const capacity = Math.min(this.#maxBytes, Math.max(1024, this.#buffer.length * 2));
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(larger, 0, 0, this.length);
    this.#buffer = larger;
  }
}
