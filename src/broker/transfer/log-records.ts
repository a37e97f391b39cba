import { batchesIn, loadCodec, type RecordBatch, type RecordView } from '../../records/index.js';
import type { Log } from '../log/index.js';

const readBytes = 1024 * 1024;

export interface LoggedRecord {
  readonly batch: RecordBatch;
  readonly record: RecordView;
}

/** Every record of a log from its start, control records too. */
export async function* recordsOf(log: Log): AsyncGenerator<LoggedRecord> {
  const upTo = log.logEndOffset;
  let offset = log.logStartOffset;
  while (offset < upTo) {
    const { chunks } = log.read(offset, readBytes, { upTo, minOneBatch: true });
    const before = offset;
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      await loadCodec(batch.compression);
      for (const record of batch.records()) {
        if (record.offset >= offset) yield { batch, record };
      }
      offset = batch.nextOffset;
    }
    if (offset === before) return;
  }
}
