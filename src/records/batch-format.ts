import { KafkaError } from '../errors/index.js';

/**
 * The record batch of magic 2 (Kafka's `DefaultRecordBatch`), big-endian:
 *
 *    0 baseOffset i64 | 8 batchLength i32 (bytes after this field) | 12 partitionLeaderEpoch i32
 *   16 magic i8 = 2   | 17 crc u32 = CRC-32C of everything from 21 on
 *   21 attributes i16 | 23 lastOffsetDelta i32 | 27 baseTimestamp i64 | 35 maxTimestamp i64
 *   43 producerId i64 | 51 producerEpoch i16   | 53 baseSequence i32  | 57 count i32 | 61 records
 *
 * Base offset, length and leader epoch stand outside the checksum, so that a broker can set them.
 */
export const at = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bytes of base offset and length: what a log entry of any magic begins with. */
export const logOverhead = 12;
/** Bytes of the header of a magic 2 batch. */
export const batchHeaderSize = at.records;
/** The smallest value of the length field that any magic allows (a message of magic 0). */
export const lengthMin = 14;

/** Attribute bits; the codec's number is in the lowest three. */
export const attribute = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** The smallest record: length, attributes, two deltas, two lengths, header count. */
export const recordSizeMin = 7;

const int32Max = 0x7fffffff;

export function int16At(buffer: Buffer, at: number): number {
  return (((buffer[at] as number) << 24) >> 16) | (buffer[at + 1] as number);
}

export function int32At(buffer: Buffer, at: number): number {
  return (
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  );
}

/** An int64 as a number; beyond ±(2^53−1) no honest writer gets, so it counts as damage. */
export function int64At(buffer: Buffer, at: number): number {
  const value = int32At(buffer, at) * 4294967296 + (int32At(buffer, at + 4) >>> 0);
  if (Number.isSafeInteger(value)) return value;
  throw new KafkaError(
    'CORRUPT_MESSAGE',
    `The int64 ${buffer.readBigInt64BE(at)} in a batch header is beyond ±(2^53−1).`,
  );
}

export function setInt16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >> 8;
  buffer[at + 1] = value;
}

export function setInt32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >> 24;
  buffer[at + 1] = value >> 16;
  buffer[at + 2] = value >> 8;
  buffer[at + 3] = value;
}

export function setInt64(buffer: Buffer, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new KafkaError('VALUE_OUT_OF_RANGE', `${value} is not an int64 that a number can hold.`);
  }
  setInt32(buffer, at, Math.floor(value / 4294967296));
  setInt32(buffer, at + 4, value >>> 0);
}

/** Sequence numbers wrap from 2^31−1 to 0 (`DefaultRecordBatch.incrementSequence`). */
export function sequenceAfter(sequence: number, increment: number): number {
  if (sequence > int32Max - increment) return increment - (int32Max - sequence) - 1;
  return sequence + increment;
}
