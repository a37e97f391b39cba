import { KafkaError } from '../errors/index.js';
import { attribute, int64At } from './batch-format.js';
import { compress, decompress, decompressedBytesMax } from './compression/codec.js';
import { lz4Compress } from './compression/lz4.js';
import {
  type CompressionType,
  compressionId,
  compressionTypeOf,
} from './compression/compression-type.js';
import {
  corrupt,
  type LegacyMessage,
  readMessage,
  sizeOfMessage,
  writeMessage,
} from './legacy-message.js';
import { RecordBatch, type RecordsOptions } from './record-batch.js';
import type { RecordHeader, RecordInput, RecordView } from './record.js';

/** A record's message with its offset, as both directions of the conversion handle it. */
export interface MessageRecord extends RecordInput {
  readonly offset: number;
}

export interface MessageSetOptions {
  readonly magic: 0 | 1;
  /** Default `none`; zstd is not for messages of magic 0 and 1 (UNSUPPORTED_COMPRESSION_TYPE). */
  readonly compression?: CompressionType | undefined;
  /** Sets the bit of LogAppendTime in magic 1. */
  readonly logAppendTime?: boolean | undefined;
}

const noHeaders: readonly RecordHeader[] = [];

/**
 * The records of a message set of magic 0 or 1, compressed wrappers unpacked, up to a cut message
 * at the end. Checksums are verified (CORRUPT_MESSAGE). `maxBytes` bounds what all wrappers
 * together give.
 */
export function* messageSetRecords(
  buffer: Buffer,
  options: RecordsOptions = {},
): Generator<RecordView> {
  let left = options.maxBytes ?? decompressedBytesMax;
  for (const message of messagesIn(buffer)) {
    if (compressionOf(message) === 'none') {
      yield viewOf(message, message.offset, message.timestamp);
      continue;
    }
    const set = unwrap(message, left);
    left -= set.length;
    yield* innerRecords(message, set);
  }
}

/** The codec of the first message, which is that of the set for all clients that exist. */
export function messageSetCompression(buffer: Buffer): CompressionType {
  const [first] = messagesIn(buffer);
  return first === undefined ? 'none' : compressionOf(first);
}

/** Bytes of the complete messages at the beginning of the buffer. */
export function messageSetSize(buffer: Buffer): number {
  let position = 0;
  for (;;) {
    const size = RecordBatch.sizeAt(buffer, position);
    if (size === undefined) return position;
    position += size;
  }
}

function* messagesIn(buffer: Buffer): Generator<LegacyMessage> {
  let position = 0;
  for (;;) {
    const size = RecordBatch.sizeAt(buffer, position);
    if (size === undefined) return;
    yield readMessage(buffer, position, size);
    position += size;
  }
}

function compressionOf(message: LegacyMessage): CompressionType {
  const type = compressionTypeOf(message.attributes & attribute.compressionMask);
  if (type !== 'zstd') return type;
  throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', 'Messages of magic 0 and 1 know no zstd.');
}

function unwrap(wrapper: LegacyMessage, maxBytes: number): Buffer {
  const { value, offset } = wrapper;
  if (value === null) {
    throw new KafkaError('INVALID_RECORD', 'A compressed message has no value.', { offset });
  }
  return decompress(compressionOf(wrapper), value, maxBytes);
}

/**
 * The messages inside a wrapper. In magic 1 their offsets count from the first, and the wrapper's
 * is that of the last (KIP-31); under LogAppendTime the wrapper's timestamp is theirs (KIP-32).
 */
function* innerRecords(wrapper: LegacyMessage, set: Buffer): Generator<RecordView> {
  const base = wrapper.magic === 0 ? 0 : wrapper.offset - lastOffsetIn(set);
  const appendTime = wrapper.attributes & attribute.logAppendTime ? wrapper.timestamp : undefined;
  let count = 0;
  for (const message of messagesIn(set)) {
    if (message.magic !== wrapper.magic || compressionOf(message) !== 'none') {
      const what = 'A compressed message holds another magic or a compressed message.';
      throw new KafkaError('INVALID_RECORD', what, { offset: wrapper.offset });
    }
    // A producer's wrapper may say 0: then the inner offsets stand for themselves.
    const offset = message.offset + Math.max(0, base);
    yield viewOf(message, offset, appendTime ?? message.timestamp);
    count++;
  }
  if (count > 0 && messageSetSize(set) === set.length) return;
  throw new KafkaError('INVALID_RECORD', 'A compressed message holds no whole message set.', {
    offset: wrapper.offset,
  });
}

function lastOffsetIn(set: Buffer): number {
  let lastAt = 0;
  let position = 0;
  for (;;) {
    const size = RecordBatch.sizeAt(set, position);
    if (size === undefined) return position === 0 ? 0 : int64At(set, lastAt);
    lastAt = position;
    position += size;
  }
}

function viewOf(message: LegacyMessage, offset: number, timestamp: number): RecordView {
  const { key, value, sizeInBytes } = message;
  return { offset, timestamp, key, value, headers: noHeaders, sizeInBytes };
}

/**
 * Writes records as a message set of magic 0 or 1, as one wrapper where they are to be compressed.
 * Headers have no place there and are dropped; so are the timestamps in magic 0.
 */
export function writeMessageSet(
  records: readonly MessageRecord[],
  options: MessageSetOptions,
): Buffer {
  const { magic, compression = 'none' } = options;
  const [first] = records;
  const last = records[records.length - 1];
  if (first === undefined || last === undefined) return Buffer.alloc(0);
  const bits = magic === 1 && options.logAppendTime ? attribute.logAppendTime : 0;
  if (compression === 'none') return writeMessages(records, magic, bits, 0);
  const inner = writeMessages(records, magic, bits, magic === 1 ? first.offset : 0);
  const value = compressSet(compression, inner, magic);
  const wrapper = Buffer.allocUnsafeSlow(sizeOfMessage(magic, null, value));
  let timestamp = -1;
  for (const record of records) if (record.timestamp > timestamp) timestamp = record.timestamp;
  writeMessage(wrapper, 0, magic, {
    offset: last.offset,
    attributes: bits | compressionId(compression),
    timestamp,
    key: null,
    value,
  });
  return wrapper;
}

function writeMessages(
  records: readonly MessageRecord[],
  magic: number,
  attributes: number,
  baseOffset: number,
): Buffer {
  let size = 0;
  for (const { key, value } of records) size += sizeOfMessage(magic, key, value);
  const set = Buffer.allocUnsafeSlow(size);
  let to = 0;
  for (const { key, value, offset, timestamp } of records) {
    const message = { offset: offset - baseOffset, attributes, timestamp, key, value };
    to = writeMessage(set, to, magic, message);
  }
  return set;
}

function compressSet(type: CompressionType, set: Buffer, magic: number): Buffer {
  if (type === 'zstd') {
    const what = 'Messages of magic 0 and 1 know no zstd.';
    throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', what);
  }
  if (type === 'lz4') return lz4Compress(set, { oldHeaderChecksum: magic === 0 });
  return compress(type, set);
}

/** Fails with CORRUPT_MESSAGE where the buffer is not whole messages from start to end. */
export function ensureWhole(buffer: Buffer): void {
  const size = messageSetSize(buffer);
  if (size !== buffer.length) throw corrupt('it is cut off', size);
}
