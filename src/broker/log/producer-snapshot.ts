import { crc32c, Reader, Writer } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import { ProducerEntry, sequenceBefore } from './producer-entry.js';

const version = 1;
/** The checksum covers everything behind itself. */
const checkedFrom = 6;

/**
 * `.snapshot`: the producers as they were before an offset. int16 version 1, CRC-32C of all that
 * follows it, int32 count, then per producer: id, epoch, last sequence, last offset, offset delta,
 * timestamp, coordinator epoch, first offset of the open transaction. Only the last batch of each
 * producer has room in it.
 */
export function encodeSnapshot(entries: Iterable<ProducerEntry>): Buffer {
  const writer = new Writer();
  writer.int16(version);
  writer.uint32(0);
  writer.int32(0);
  let count = 0;
  for (const entry of entries) {
    const last = entry.lastBatch;
    count += 1;
    writer.int64(entry.producerId);
    writer.int16(entry.producerEpoch);
    writer.int32(last?.lastSequence ?? -1);
    writer.int64(last?.lastOffset ?? -1);
    writer.int32(last?.offsetDelta ?? 0);
    writer.int64(entry.lastTimestamp);
    writer.int32(entry.coordinatorEpoch);
    writer.int64(entry.transactionStart);
  }
  writer.patchInt32(checkedFrom, count);
  writer.patchUint32(2, crc32c(writer.bytes().subarray(checkedFrom)));
  return writer.bytes();
}

/** Fails with LOG_CORRUPTED or MALFORMED_MESSAGE where the bytes are no sound snapshot. */
export function decodeSnapshot(bytes: Buffer): ProducerEntry[] {
  const reader = new Reader(bytes);
  const found = reader.int16();
  const crc = reader.uint32();
  if (found !== version || crc !== crc32c(bytes.subarray(checkedFrom))) {
    throw new KafkaError('LOG_CORRUPTED', 'A producer snapshot is damaged.');
  }
  const count = reader.int32();
  const entries: ProducerEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(decodeEntry(reader));
  return entries;
}

function decodeEntry(reader: Reader): ProducerEntry {
  const entry = new ProducerEntry(reader.int64(), reader.int16());
  const lastSequence = reader.int32();
  const lastOffset = reader.int64();
  const offsetDelta = reader.int32();
  entry.lastTimestamp = reader.int64();
  entry.coordinatorEpoch = reader.int32();
  entry.transactionStart = reader.int64();
  entry.seenAt = entry.lastTimestamp;
  if (lastOffset >= 0) {
    const firstSequence = sequenceBefore(lastSequence, offsetDelta);
    const timestamp = entry.lastTimestamp;
    entry.batches = [{ firstSequence, lastSequence, lastOffset, offsetDelta, timestamp }];
  }
  return entry;
}
