import { KafkaError } from '../errors/index.js';
import type { CompressionType } from './compression/compression-type.js';
import {
  ensureWhole,
  type MessageRecord,
  messageSetCompression,
  messageSetRecords,
  writeMessageSet,
} from './message-set.js';
import { batchesIn, type RecordBatch, type RecordsOptions } from './record-batch.js';
import { RecordBatchBuilder } from './record-batch-builder.js';

export interface UpConvertOptions extends RecordsOptions {
  /** Default: as the message set was compressed. */
  readonly compression?: CompressionType | undefined;
}

/**
 * One batch of magic 2 from the message set an old producer sent (Produce 0 to 2): offsets from 0,
 * timestamps kept, -1 where magic 0 has none. An empty set is INVALID_RECORD, a damaged one
 * CORRUPT_MESSAGE.
 */
export function upConvert(messageSet: Buffer, options: UpConvertOptions = {}): Buffer {
  ensureWhole(messageSet);
  const compression = options.compression ?? messageSetCompression(messageSet);
  const builder = new RecordBatchBuilder({ compression });
  for (const record of messageSetRecords(messageSet, options)) builder.append(record);
  if (builder.isEmpty) throw new KafkaError('INVALID_RECORD', 'The message set is empty.');
  return builder.build();
}

export interface DownConvertOptions extends RecordsOptions {
  readonly magic: 0 | 1;
  /**
   * Default: as each batch is compressed, but `none` for zstd, which the old formats lack. All
   * codecs of the batches must have been loaded (CODEC_MISSING).
   */
  readonly compression?: 'none' | undefined;
  /** Records before it are left out where nothing is compressed. */
  readonly firstOffset?: number | undefined;
}

/**
 * A message set from batches of magic 2, for an old consumer (Fetch 0 to 3). Offsets are kept,
 * control batches skipped, headers dropped; a cut batch at the end is left out. The result can be
 * empty where there are control batches only.
 */
export function downConvert(batches: Buffer, options: DownConvertOptions): Buffer {
  const sets: Buffer[] = [];
  for (const batch of batchesIn(batches)) {
    if (!batch.isControl) sets.push(downConvertBatch(batch, options));
  }
  return sets.length === 1 ? (sets[0] as Buffer) : Buffer.concat(sets);
}

function downConvertBatch(batch: RecordBatch, options: DownConvertOptions): Buffer {
  const source = batch.compression;
  const compression = source === 'zstd' ? 'none' : (options.compression ?? source);
  const from = compression === 'none' ? (options.firstOffset ?? 0) : 0;
  const records: MessageRecord[] = [];
  for (const record of batch.records(options)) if (record.offset >= from) records.push(record);
  const logAppendTime = batch.timestampType === 'LogAppendTime';
  return writeMessageSet(records, { magic: options.magic, compression, logAppendTime });
}
