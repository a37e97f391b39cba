import { RecordBatchBuilder } from '../../records/index.js';
import type { Partition } from '../partition/partition.js';

export interface InternalPair {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** Bytes of a batch before another one is begun: far below every limit. */
const batchBytes = 512 * 1024;

/** Appends records to an internal topic in batches as Kafka's coordinators write them. */
export function appendRecords(
  partition: Partition,
  now: number,
  records: readonly InternalPair[],
): void {
  const { log, leaderEpoch } = partition;
  let builder = fresh();
  const flush = (): void => {
    if (builder.isEmpty) return;
    log.append(builder.build(), { leaderEpoch, origin: 'coordinator', now });
    builder = fresh();
  };
  for (const { key, value } of records) {
    if (builder.append({ key, value, timestamp: now }) !== undefined) continue;
    flush();
    builder.append({ key, value, timestamp: now });
  }
  flush();
}

function fresh(): RecordBatchBuilder {
  return new RecordBatchBuilder({
    sizeLimit: batchBytes,
    producer: { producerId: -1, producerEpoch: -1, baseSequence: 0 },
  });
}
