import { crc32c } from '../bytes/index.js';
import {
  at,
  attribute,
  batchHeaderSize,
  logOverhead,
  setInt16,
  setInt32,
  setInt64,
} from './batch-format.js';
import type { RecordBatch } from './record-batch.js';

/**
 * The batch without its records (Kafka's `DefaultRecordBatch.writeEmptyHeader`): what compaction
 * keeps where nothing but offsets, producer and sequence are still needed.
 */
export function emptiedBatch(batch: RecordBatch): Buffer {
  const bytes = Buffer.from(batch.bytes().subarray(0, batchHeaderSize));
  const kept = attribute.logAppendTime | attribute.transactional | attribute.control;
  setInt32(bytes, at.batchLength, batchHeaderSize - logOverhead);
  setInt16(bytes, at.attributes, batch.attributes & kept);
  setInt64(bytes, at.baseTimestamp, -1);
  setInt32(bytes, at.count, 0);
  setInt32(bytes, at.crc, crc32c(bytes.subarray(at.attributes)));
  return bytes;
}
