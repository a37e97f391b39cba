import { KafkaError } from '../errors/index.js';
import { RecordCursor } from './batch-record.js';
import { decompress, decompressAsync, decompressedBytesMax } from './compression/codec.js';
import { type RecordBatch, type RecordsOptions, checkedCount, leftOver } from './record-batch.js';

/** What a walk over all records of a batch found. */
export interface RecordsSummary {
  readonly count: number;
  /** The largest record timestamp; as in Kafka at least -1, which stands for none. */
  readonly maxTimestamp: number;
  /** The smallest record timestamp. */
  readonly minTimestamp: number;
  /** Offset delta of the first record that has the largest timestamp. */
  readonly maxTimestampOffsetDelta: number;
  /** Place in the batch of the first record without a key, -1 where all have one. */
  readonly firstKeylessIndex: number;
  /** Whether the offset deltas are 0, 1, 2, …. */
  readonly sequential: boolean;
  /** Bytes of the records, decompressed. */
  readonly recordBytes: number;
}

/**
 * Walks over the records of a batch that a producer sent and checks their shape, without making an
 * object per record. Fails with INVALID_RECORD where the records are fewer or more than the header
 * claims, where the header's last offset delta is not its count − 1, or where a record is damaged;
 * and as `RecordBatch.records` does. The broker's rules (timestamps in range, keys, sequential
 * offsets) are the caller's, from what the summary says.
 */
export function validateRecords(batch: RecordBatch, options: RecordsOptions = {}): RecordsSummary {
  const { compression } = batch;
  checkHeader(batch);
  const limit = options.maxBytes ?? decompressedBytesMax;
  return summarise(batch, decompress(compression, batch.storedRecords(), limit));
}

/** As `validateRecords`, but loads the codec and decompresses big batches off the event loop. */
export async function validateRecordsAsync(
  batch: RecordBatch,
  options: RecordsOptions = {},
): Promise<RecordsSummary> {
  const { compression } = batch;
  checkHeader(batch);
  const limit = options.maxBytes ?? decompressedBytesMax;
  return summarise(batch, await decompressAsync(compression, batch.storedRecords(), limit));
}

function checkHeader(batch: RecordBatch): void {
  const { count, lastOffsetDelta } = batch;
  if (count > 0 && lastOffsetDelta === count - 1) return;
  throw new KafkaError(
    'INVALID_RECORD',
    `A batch claims ${count} records and a last offset delta of ${lastOffsetDelta}.`,
  );
}

function summarise(batch: RecordBatch, section: Buffer): RecordsSummary {
  const count = checkedCount(batch, section.length);
  const cursor = new RecordCursor(section, 0, section.length);
  let maxDelta = Number.NEGATIVE_INFINITY;
  let minDelta = Number.POSITIVE_INFINITY;
  let maxTimestampOffsetDelta = -1;
  let firstKeylessIndex = -1;
  let sequential = true;
  for (let i = 0; i < count; i++) {
    cursor.next();
    const { timestampDelta } = cursor;
    if (timestampDelta > maxDelta) {
      maxDelta = timestampDelta;
      maxTimestampOffsetDelta = cursor.offsetDelta;
    }
    if (timestampDelta < minDelta) minDelta = timestampDelta;
    if (cursor.keyLength < 0 && firstKeylessIndex < 0) firstKeylessIndex = i;
    if (cursor.offsetDelta !== i) sequential = false;
  }
  if (cursor.remaining > 0) throw leftOver(cursor.remaining, count);
  const base = batch.baseTimestamp;
  return {
    count,
    maxTimestamp: Math.max(-1, base + maxDelta),
    minTimestamp: base + minDelta,
    maxTimestampOffsetDelta,
    firstKeylessIndex,
    sequential,
    recordBytes: section.length,
  };
}
