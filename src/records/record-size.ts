import { sizeOfVarint, sizeOfVarlong } from '../bytes/index.js';
import { batchHeaderSize } from './batch-format.js';
import type { RecordHeaderInput, RecordInput } from './record.js';

const noHeaders: readonly RecordHeaderInput[] = [];
const lengthFieldMax = 5;

/** Bytes of a record behind its own length field. */
export function sizeOfRecordBody(
  record: RecordInput,
  offsetDelta: number,
  timestampDelta: number,
): number {
  return 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfContent(record);
}

function sizeOfContent(record: RecordInput): number {
  const { key, value, headers = noHeaders } = record;
  let size = sizeOfNullable(key) + sizeOfNullable(value) + sizeOfVarint(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i] as RecordHeaderInput;
    const keyLength = Buffer.byteLength(header.key);
    size += sizeOfVarint(keyLength) + keyLength + sizeOfNullable(header.value);
  }
  return size;
}

function sizeOfNullable(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

/**
 * The most bytes a record takes in any batch before compression. A batch of its own needs
 * `batchOverhead` more (Kafka's `AbstractRecords.estimateSizeInBytesUpperBound`).
 */
export function estimateRecordSize(record: RecordInput): number {
  // Attributes, a timestamp delta of ten bytes and an offset delta of five.
  return lengthFieldMax + 1 + 10 + 5 + sizeOfContent(record);
}

/** Bytes of a batch without records. */
export const batchOverhead: number = batchHeaderSize;
