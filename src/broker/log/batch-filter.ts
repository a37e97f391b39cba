import {
  emptiedBatch,
  type RecordBatch,
  RecordBatchBuilder,
  type RecordView,
} from '../../records/index.js';
import type { CleanedTransactions } from './cleaned-transactions.js';
import { type LogConfig, openingOf } from './log-config.js';
import type { OffsetMap } from './offset-map.js';

/** The last that is known of a producer that may go on writing. */
export interface LastOfProducer {
  /** Last offset of its last data batch, -1 where a marker came after it. */
  readonly lastDataOffset: number;
  readonly producerEpoch: number;
}

export interface BatchFilter {
  readonly map: OffsetMap;
  readonly transactions: CleanedTransactions;
  readonly producers: ReadonlyMap<number, LastOfProducer>;
  /** Where this round ends: the last batch before it keeps its envelope. */
  readonly upperBound: number;
  /** Wall clock in milliseconds. */
  readonly now: number;
  readonly config: LogConfig;
}

/**
 * What compaction leaves of a batch: the batch itself, one with fewer records, an envelope
 * without any, or undefined for nothing. Follows `LogCleaner` and `MemoryRecords.filterTo`: a
 * batch that is the last word of a live producer keeps its envelope, records of aborted
 * transactions go, tombstones and markers without a transaction first get a delete horizon and go
 * in a later round, when it has passed. The codec must have been loaded.
 */
export function cleanedBatch(batch: RecordBatch, filter: BatchFilter): Buffer | undefined {
  const { transactions, now, config } = filter;
  const { isControl } = batch;
  const isObsolete = isControl ? transactions.onControl(batch) : transactions.onBatch(batch);
  const horizon = batch.hasDeleteHorizon ? batch.baseTimestamp : undefined;
  const isExpired = horizon !== undefined && horizon <= now;
  const losesAll = isObsolete && (!isControl || isExpired);
  const kept: RecordView[] = [];
  let dropped = losesAll;
  let needsHorizon = isControl && isObsolete;
  if (!losesAll) {
    for (const record of batch.records(openingOf(config, batch))) {
      if (isControl || isWanted(record, filter.map, isExpired)) {
        kept.push(record);
        if (record.value === null) needsHorizon = true;
      } else dropped = true;
    }
  }
  if (kept.length === 0) return needsEnvelope(batch, filter) ? emptiedBatch(batch) : undefined;
  const isNewHorizon = needsHorizon && horizon === undefined;
  if (!dropped && !isNewHorizon) return batch.bytes();
  return rebuilt(batch, kept, isNewHorizon ? now + config.deleteRetentionMs : horizon);
}

/** The latest of its key, unless it is a tombstone whose time is over. */
function isWanted(record: RecordView, map: OffsetMap, isExpired: boolean): boolean {
  if (record.offset > map.latestOffset) return true;
  if (record.key === null) return false;
  return record.offset >= map.get(record.key) && (record.value !== null || !isExpired);
}

function needsEnvelope(batch: RecordBatch, { producers, upperBound }: BatchFilter): boolean {
  if (batch.nextOffset === upperBound) return true;
  const last = batch.producerId < 0 ? undefined : producers.get(batch.producerId);
  if (last === undefined) return false;
  if (last.lastDataOffset >= 0) return batch.lastOffset === last.lastDataOffset;
  return batch.isControl && batch.producerEpoch === last.producerEpoch;
}

function rebuilt(
  batch: RecordBatch,
  records: readonly RecordView[],
  deleteHorizonMs: number | undefined,
): Buffer {
  const { baseOffset, lastOffset, timestampType } = batch;
  const builder = new RecordBatchBuilder({
    baseOffset,
    lastOffset,
    deleteHorizonMs,
    timestampType,
    compression: batch.compression,
    isControl: batch.isControl,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    logAppendTime: timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined,
    producer: {
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      isTransactional: batch.isTransactional,
    },
  });
  for (const record of records) builder.appendAt(record.offset, record);
  return builder.build();
}
