import type { RecordHeaderInput, RecordInput } from './record.js';

/** Up to this many bytes a loop is faster than a call into the engine. */
const shortBytes = 24;

/**
 * Writes one record at `start`; the caller has computed the size of its body and made room.
 * Plain index stores throughout: several times as fast as Buffer's methods.
 */
export function writeRecord(
  buffer: Buffer,
  start: number,
  bodySize: number,
  record: RecordInput,
  offsetDelta: number,
  timestampDelta: number,
): void {
  const { key, value, headers } = record;
  let to = writeVarint(buffer, start, bodySize);
  buffer[to++] = 0;
  to = writeVarlong(buffer, to, timestampDelta);
  to = writeVarint(buffer, to, offsetDelta);
  to = writeNullable(buffer, to, key);
  to = writeNullable(buffer, to, value);
  if (headers === undefined || headers.length === 0) buffer[to] = 0;
  else writeHeaders(buffer, to, headers);
}

function writeHeaders(buffer: Buffer, at: number, headers: readonly RecordHeaderInput[]): void {
  let to = writeVarint(buffer, at, headers.length);
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i] as RecordHeaderInput;
    const length = Buffer.byteLength(key);
    to = writeVarint(buffer, to, length);
    if (length === key.length && length <= shortBytes) {
      for (let j = 0; j < length; j++) buffer[to + j] = key.charCodeAt(j);
    } else {
      buffer.write(key, to, length, 'utf8');
    }
    to = writeNullable(buffer, to + length, value);
  }
}

function writeNullable(buffer: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    buffer[at] = 1; // zigzag of -1
    return at + 1;
  }
  const { length } = bytes;
  const to = writeVarint(buffer, at, length);
  if (length > shortBytes) buffer.set(bytes, to);
  else for (let i = 0; i < length; i++) buffer[to + i] = bytes[i] as number;
  return to + length;
}

/** Writes a zigzag varint and returns where it ended. */
function writeVarint(buffer: Buffer, at: number, value: number): number {
  let to = at;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) buffer[to++] = (rest & 0x7f) | 0x80;
  buffer[to++] = rest;
  return to;
}

/** A zigzag varint of any safe integer. */
function writeVarlong(buffer: Buffer, at: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return writeVarint(buffer, at, value);
  let to = at;
  // The zigzag value is 2·|v| (or 2·|v| − 1): its lowest bits first, the rest as v shrinks.
  const magnitude = value < 0 ? -value - 1 : value;
  buffer[to++] = ((magnitude % 64) << 1) | (value < 0 ? 1 : 0) | 0x80;
  let rest = Math.floor(magnitude / 64);
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) buffer[to++] = (rest % 128) | 0x80;
  buffer[to++] = rest;
  return to;
}
