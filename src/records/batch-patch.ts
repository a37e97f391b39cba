import { crc32c } from '../bytes/index.js';
import {
  at,
  attribute,
  int16At,
  int32At,
  logOverhead,
  setInt16,
  setInt32,
  setInt64,
} from './batch-format.js';
import type { TimestampType } from './record.js';
import type { ProducerFields } from './record-batch-builder.js';

/**
 * Sets what a broker decides when it appends a batch: its base offset and leader epoch. Both stand
 * outside the checksum, which stays as it is.
 */
export function assignOffsets(
  buffer: Buffer,
  position: number,
  baseOffset: number,
  partitionLeaderEpoch: number,
): void {
  setInt64(buffer, position + at.baseOffset, baseOffset);
  setInt32(buffer, position + at.partitionLeaderEpoch, partitionLeaderEpoch);
}

/**
 * Sets timestamp type and largest timestamp and computes the checksum again. Under LogAppendTime
 * the largest timestamp is that of all records; base timestamp and deltas stay as sent.
 */
export function rewriteTimestamps(
  buffer: Buffer,
  position: number,
  type: TimestampType,
  maxTimestamp: number,
): void {
  const attributes = int16At(buffer, position + at.attributes);
  const bit = attribute.logAppendTime;
  const changed = type === 'LogAppendTime' ? attributes | bit : attributes & ~bit;
  setInt16(buffer, position + at.attributes, changed);
  setInt64(buffer, position + at.maxTimestamp, maxTimestamp);
  rewriteChecksum(buffer, position);
}

/**
 * Gives a built batch to another producer id, epoch or sequence (after the epoch was bumped, the
 * batches that are certainly not written get new sequences) and computes the checksum again.
 */
export function assignProducer(buffer: Buffer, position: number, producer: ProducerFields): void {
  const attributes = int16At(buffer, position + at.attributes) & ~attribute.transactional;
  const bit = producer.isTransactional ? attribute.transactional : 0;
  setInt16(buffer, position + at.attributes, attributes | bit);
  setInt64(buffer, position + at.producerId, producer.producerId);
  setInt16(buffer, position + at.producerEpoch, producer.producerEpoch);
  setInt32(buffer, position + at.baseSequence, producer.baseSequence);
  rewriteChecksum(buffer, position);
}

function rewriteChecksum(buffer: Buffer, position: number): void {
  const end = position + logOverhead + int32At(buffer, position + at.batchLength);
  setInt32(buffer, position + at.crc, crc32c(buffer.subarray(position + at.attributes, end)));
}
