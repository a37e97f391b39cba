import { KafkaError } from '../errors/index.js';
import { crc32 } from './compression/crc32.js';
import { int32At, int64At } from './batch-format.js';

/**
 * The message of magic 0 and 1 (Kafka before 0.11, `LegacyRecord`), big-endian:
 *
 *    0 offset i64 | 8 size i32 (bytes after this field) | 12 crc u32 = CRC-32 of everything after
 *   16 magic i8 | 17 attributes i8 | 18 timestamp i64 (magic 1 only)
 *   then key length i32, key | value length i32, value (-1 for null)
 *
 * Attributes: codec in the lowest three bits, bit 3 set for LogAppendTime (magic 1). A message with
 * a codec is a wrapper: its value holds a compressed set of messages.
 */
export const messageAt = { offset: 0, size: 8, crc: 12, magic: 16, attributes: 17, timestamp: 18 };

/** Bytes before the key length, by magic. */
export function messageHeaderSize(magic: number): number {
  return magic === 0 ? 18 : 26;
}

/** One message, its fields as views. */
export interface LegacyMessage {
  readonly offset: number;
  readonly magic: 0 | 1;
  readonly attributes: number;
  /** -1 in magic 0. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly sizeInBytes: number;
}

/**
 * Reads the message of `size` bytes at `position`; fails with CORRUPT_MESSAGE where its checksum,
 * magic or lengths are wrong.
 */
export function readMessage(buffer: Buffer, position: number, size: number): LegacyMessage {
  const end = position + size;
  const magic = buffer[position + messageAt.magic];
  if (magic !== 0 && magic !== 1) throw corrupt(`its magic is ${magic}`, position);
  const checked = buffer.subarray(position + messageAt.magic, end);
  if (crc32(checked) !== int32At(buffer, position + messageAt.crc) >>> 0) {
    throw corrupt('its checksum does not fit its bytes', position);
  }
  const keyAt = position + messageHeaderSize(magic);
  const key = nullableAt(buffer, keyAt, end, position);
  const valueAt = keyAt + 4 + (key?.length ?? 0);
  const value = nullableAt(buffer, valueAt, end, position);
  if (valueAt + 4 + (value?.length ?? 0) !== end) throw corrupt('bytes are left over', position);
  return {
    offset: int64At(buffer, position + messageAt.offset),
    magic,
    attributes: buffer[position + messageAt.attributes] as number,
    timestamp: magic === 0 ? -1 : int64At(buffer, position + messageAt.timestamp),
    key,
    value,
    sizeInBytes: size,
  };
}

function nullableAt(buffer: Buffer, at: number, end: number, position: number): Buffer | null {
  if (at + 4 > end) throw corrupt('it is cut off', position);
  const length = int32At(buffer, at);
  if (length === -1) return null;
  if (length < 0 || length > end - at - 4) throw corrupt(`a length is ${length}`, position);
  return buffer.subarray(at + 4, at + 4 + length);
}

/** What a message is written from. */
export interface LegacyMessageInput {
  readonly offset: number;
  readonly attributes: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Bytes a message takes. */
export function sizeOfMessage(
  magic: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
): number {
  return messageHeaderSize(magic) + 8 + (key?.length ?? 0) + (value?.length ?? 0);
}

/** Writes a message at `at`, for which there must be room, and returns where it ended. */
export function writeMessage(
  target: Buffer,
  at: number,
  magic: number,
  message: LegacyMessageInput,
): number {
  const { key, value } = message;
  const end = at + sizeOfMessage(magic, key, value);
  target.writeBigInt64BE(BigInt(message.offset), at);
  target.writeInt32BE(end - at - messageAt.crc, at + messageAt.size);
  target[at + messageAt.magic] = magic;
  target[at + messageAt.attributes] = message.attributes;
  if (magic > 0) target.writeBigInt64BE(BigInt(message.timestamp), at + messageAt.timestamp);
  const afterKey = writeNullable(target, at + messageHeaderSize(magic), key);
  writeNullable(target, afterKey, value);
  target.writeUInt32BE(crc32(target.subarray(at + messageAt.magic, end)), at + messageAt.crc);
  return end;
}

function writeNullable(target: Buffer, at: number, bytes: Uint8Array | null): number {
  target.writeInt32BE(bytes === null ? -1 : bytes.length, at);
  if (bytes === null) return at + 4;
  target.set(bytes, at + 4);
  return at + 4 + bytes.length;
}

export function corrupt(what: string, position: number): KafkaError {
  return new KafkaError('CORRUPT_MESSAGE', `The message at byte ${position} is damaged: ${what}.`);
}
