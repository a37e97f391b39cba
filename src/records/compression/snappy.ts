import { damaged, tooLarge } from './codec-errors.js';

/**
 * Snappy. A raw block is a varint of the uncompressed size and then elements: literals and copies
 * out of what was already written. Java wraps blocks into a stream of its own (from the library
 * snappy-java, by xerial):
 *
 *   82 'SNAPPY' 00 | version i32 | oldest compatible i32 | then blocks: length i32, block
 *
 * Kafka's Java client writes that stream, librdkafka a bare block; readers meet both.
 */
const streamMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const streamHeader = Buffer.concat([streamMagic, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);

/** What Java puts into one block. Below 64 KiB, so that two bytes hold every copy's distance. */
const blockSize = 32 * 1024;
const hashBits = 13;
const hashTable = new Uint16Array(1 << hashBits);

/** Compresses into Java's stream of blocks. */
export function snappyCompress(bytes: Uint8Array): Buffer {
  const blocks = Math.ceil(bytes.length / blockSize);
  const worst = bytes.length + Math.ceil(bytes.length / 6) + blocks * 48;
  const target = Buffer.allocUnsafeSlow(streamHeader.length + worst);
  target.set(streamHeader, 0);
  let to = streamHeader.length;
  for (let from = 0; from < bytes.length; from += blockSize) {
    const end = Math.min(from + blockSize, bytes.length);
    const blockEnd = compressBlock(bytes, from, end, target, to + 4);
    target.writeInt32BE(blockEnd - to - 4, to);
    to = blockEnd;
  }
  return Buffer.from(target.subarray(0, to));
}

function compressBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  targetStart: number,
): number {
  let to = writeUvarint(target, targetStart, end - start);
  const table = hashTable.fill(0);
  const matchFrom = end - 15;
  let literalStart = start;
  let at = start + 1;
  let misses = 32;
  while (at < matchFrom) {
    const four = int32LittleEndian(source, at);
    const hash = Math.imul(four, 0x1e35a7bd) >>> (32 - hashBits);
    const candidate = start + (table[hash] as number);
    table[hash] = at - start;
    if (candidate >= at || int32LittleEndian(source, candidate) !== four) {
      // The longer nothing matches, the larger the steps: random bytes must not cost much.
      at += misses++ >> 5;
      continue;
    }
    to = writeLiteral(source, literalStart, at, target, to);
    let length = 4;
    while (at + length < end && source[candidate + length] === source[at + length]) length++;
    to = writeCopy(target, to, at - candidate, length);
    at += length;
    literalStart = at;
    misses = 32;
    if (at < matchFrom) {
      const before = Math.imul(int32LittleEndian(source, at - 1), 0x1e35a7bd);
      table[before >>> (32 - hashBits)] = at - 1 - start;
    }
  }
  return writeLiteral(source, literalStart, end, target, to);
}

function int32LittleEndian(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function writeUvarint(target: Buffer, at: number, value: number): number {
  let to = at;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) target[to++] = (rest & 0x7f) | 0x80;
  target[to++] = rest;
  return to;
}

function writeLiteral(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  const length = end - start;
  if (length === 0) return at;
  let to = at;
  const code = length - 1;
  if (code < 60) {
    target[to++] = code << 2;
  } else if (code < 256) {
    target[to++] = 60 << 2;
    target[to++] = code;
  } else {
    target[to++] = 61 << 2;
    target[to++] = code & 0xff;
    target[to++] = code >> 8;
  }
  if (length > 32) target.set(source.subarray(start, end), to);
  else for (let i = 0; i < length; i++) target[to + i] = source[start + i] as number;
  return to + length;
}

/** A copy of up to 64 bytes from `distance` back; longer matches take several. */
function writeCopy(target: Buffer, at: number, distance: number, matchLength: number): number {
  let to = at;
  let length = matchLength;
  while (length >= 68) {
    to = writeCopyOf(target, to, distance, 64);
    length -= 64;
  }
  if (length > 64) {
    // 60 now leaves at least 5: the short form below wants at least 4.
    to = writeCopyOf(target, to, distance, 60);
    length -= 60;
  }
  if (length < 12 && distance < 2048) {
    target[to++] = 1 | ((length - 4) << 2) | ((distance >> 8) << 5);
    target[to++] = distance & 0xff;
    return to;
  }
  return writeCopyOf(target, to, distance, length);
}

function writeCopyOf(target: Buffer, at: number, distance: number, length: number): number {
  target[at] = 2 | ((length - 1) << 2);
  target[at + 1] = distance & 0xff;
  target[at + 2] = distance >> 8;
  return at + 3;
}

/** Reads Java's stream of blocks or one bare block. */
export function snappyDecompress(bytes: Uint8Array, maxBytes: number): Buffer {
  if (!isStream(bytes)) {
    const target = Buffer.allocUnsafeSlow(uncompressedSize(bytes, 0, bytes.length, maxBytes));
    decompressBlock(bytes, 0, bytes.length, target, 0, target.length);
    return target;
  }
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const target = Buffer.allocUnsafeSlow(streamSize(source, maxBytes));
  let to = 0;
  for (let at = streamHeader.length; at < source.length; ) {
    const start = at + 4;
    const end = start + source.readInt32BE(at);
    const size = uncompressedSize(source, start, end, maxBytes);
    decompressBlock(source, start, end, target, to, to + size);
    to += size;
    at = end;
  }
  return target;
}

function isStream(bytes: Uint8Array): boolean {
  if (bytes.length < streamHeader.length) return false;
  return streamMagic.every((byte, at) => bytes[at] === byte);
}

/** Adds up what the blocks of a stream claim, before anything is allocated. */
function streamSize(source: Buffer, maxBytes: number): number {
  let total = 0;
  for (let at = streamHeader.length; at < source.length; ) {
    if (at + 4 > source.length) throw damaged('snappy', 'a block length is cut off');
    const length = source.readInt32BE(at);
    const start = at + 4;
    if (length < 1 || start + length > source.length) {
      throw damaged(
        'snappy',
        `a block has ${length} bytes where ${source.length - start} are left`,
      );
    }
    total += uncompressedSize(source, start, start + length, maxBytes);
    if (total > maxBytes) throw tooLarge('snappy', maxBytes);
    at = start + length;
  }
  return total;
}

function uncompressedSize(
  source: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
): number {
  let size = 0;
  for (let i = 0; i < 5 && start + i < end; i++) {
    const byte = source[start + i] as number;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    // No element of n bytes gives more than 64 for 3: larger claims cannot be true.
    if (size > (end - start) * 22 + 64) throw damaged('snappy', `it claims ${size} bytes`);
    if (size > maxBytes) throw tooLarge('snappy', maxBytes);
    return size;
  }
  throw damaged('snappy', 'its size is cut off');
}

/** Decompresses one block into exactly the range `targetStart` to `targetEnd`. */
function decompressBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  targetStart: number,
  targetEnd: number,
): void {
  let at = start;
  while ((source[at++] as number) >= 0x80);
  let to = targetStart;
  while (at < end) {
    const tag = source[at++] as number;
    let length: number;
    let distance: number;
    if ((tag & 3) === 0) {
      length = (tag >> 2) + 1;
      if (length > 60) {
        const extra = length - 60;
        if (at + extra > end) throw damaged('snappy', 'a literal is cut off');
        length = widthBytes(source, at, extra) + 1;
        at += extra;
      }
      if (at + length > end || to + length > targetEnd) {
        throw damaged('snappy', `a literal of ${length} bytes does not fit`);
      }
      if (length > 32) target.set(source.subarray(at, at + length), to);
      else for (let i = 0; i < length; i++) target[to + i] = source[at + i] as number;
      at += length;
      to += length;
      continue;
    }
    if ((tag & 3) === 1) {
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | (source[at++] as number);
    } else {
      length = (tag >> 2) + 1;
      if ((tag & 3) === 2) {
        distance = (source[at] as number) | ((source[at + 1] as number) << 8);
        at += 2;
      } else {
        distance = widthBytes(source, at, 4);
        at += 4;
      }
    }
    if (at > end || distance < 1 || distance > to - targetStart || to + length > targetEnd) {
      throw damaged('snappy', `a copy of ${length} bytes from ${distance} back does not fit`);
    }
    copyWithin(target, to, distance, length);
    to += length;
  }
  if (to !== targetEnd) throw damaged('snappy', `${targetEnd - to} bytes are missing`);
}

/** A little-endian number of one to four bytes. */
function widthBytes(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** Repeats what stands `distance` back; the ranges overlap where the match is longer than that. */
function copyWithin(target: Buffer, to: number, distance: number, length: number): void {
  const from = to - distance;
  if (distance >= length && length > 32) {
    target.copyWithin(to, from, from + length);
    return;
  }
  for (let i = 0; i < length; i++) target[to + i] = target[from + i] as number;
}
