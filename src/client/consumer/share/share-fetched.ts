import { isKafkaError, KafkaError } from '../../../errors/index.js';
import { loadCodec, RecordBatch, type RecordView } from '../../../records/index.js';
import { AcquiredRecord, type SettledType, type SharePartition } from './acquired-record.js';

/** Offsets that the broker has locked for this consumer. */
export interface AcquiredRange {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

/** What one answer brought for one partition. */
export interface ShareFetchedData {
  readonly of: SharePartition;
  readonly broker: number;
  /** Whole batches, the last one possibly cut. */
  readonly records: Buffer;
  readonly acquired: readonly AcquiredRange[];
  readonly lockEndsAt: number;
  readonly checkCrcs: boolean;
}

export interface ShareFetched {
  readonly records: AcquiredRecord[];
  /** Acquired offsets that hold nothing for the application, and what is to be said of them. */
  readonly others: Map<number, SettledType>;
  /** A batch that cannot be read; its offsets are rejected. */
  readonly damage: KafkaError | undefined;
}

/** No honest broker locks more at once. */
const acquiredMax = 1_000_000;

/**
 * Sorts out what was acquired. Control records and offsets that compaction has emptied are gaps;
 * what was acquired beyond the bytes that came (an answer is cut at `maxBytes`, locks are not) is
 * given back; a damaged batch is rejected, as the Java client does: nobody can read it.
 */
export async function readShareFetched(data: ShareFetchedData): Promise<ShareFetched> {
  const { of, broker, records: bytes, lockEndsAt } = data;
  const acquired = new Acquired(data);
  const records: AcquiredRecord[] = [];
  const others = new Map<number, SettledType>();
  let damage: KafkaError | undefined;
  let covered = -1;
  for (let at = 0; ; ) {
    const size = RecordBatch.sizeAt(bytes, at);
    if (size === undefined) break;
    const batch = new RecordBatch(bytes, at);
    at += size;
    covered = Math.max(covered, batch.lastOffset);
    if (batch.isControl || !acquired.overlaps(batch.baseOffset, batch.lastOffset)) continue;
    try {
      for (const view of await viewsOf(batch, data.checkCrcs)) {
        const deliveryCount = acquired.deliveryCount(view.offset);
        if (deliveryCount === undefined) continue;
        const facts = { leaderEpoch: batch.partitionLeaderEpoch, deliveryCount, lockEndsAt };
        records.push(new AcquiredRecord(of, broker, view, facts));
      }
    } catch (error) {
      damage ??= damaged(of, batch, error);
      for (let offset = batch.baseOffset; offset <= batch.lastOffset; offset++) {
        if (acquired.deliveryCount(offset) !== undefined) others.set(offset, 'reject');
      }
    }
  }
  const found = new Set(records.map(({ offset }) => offset));
  for (const { firstOffset, lastOffset } of data.acquired) {
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      if (found.has(offset) || others.has(offset)) continue;
      others.set(offset, offset <= covered ? 'gap' : 'release');
    }
  }
  return { records: records.filter(({ offset }) => !others.has(offset)), others, damage };
}

async function viewsOf(batch: RecordBatch, checkCrcs: boolean): Promise<Iterable<RecordView>> {
  if (checkCrcs) batch.ensureValid();
  if (batch.compression === 'none') return batch.records();
  await loadCodec(batch.compression);
  return await batch.recordsAsync();
}

/** The acquired ranges, looked up by offset. */
class Acquired {
  readonly #ranges: readonly AcquiredRange[];

  constructor({ acquired, of, broker }: ShareFetchedData) {
    this.#ranges = [...acquired].sort((a, b) => a.firstOffset - b.firstOffset);
    let count = 0;
    for (const { firstOffset, lastOffset } of acquired) count += lastOffset - firstOffset + 1;
    if (count <= acquiredMax) return;
    const { topic, partition } = of;
    const text = `Broker ${broker} says that it has locked ${count} records at once.`;
    throw new KafkaError('CORRUPT_MESSAGE', text, { topic, partition, retriable: false });
  }

  overlaps(from: number, to: number): boolean {
    return this.#ranges.some((range) => range.firstOffset <= to && range.lastOffset >= from);
  }

  deliveryCount(offset: number): number | undefined {
    let low = 0;
    let high = this.#ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle] as AcquiredRange;
      if (offset < range.firstOffset) high = middle - 1;
      else if (offset > range.lastOffset) low = middle + 1;
      else return range.deliveryCount;
    }
    return undefined;
  }
}

function damaged({ topic, partition }: SharePartition, batch: RecordBatch, cause: unknown) {
  const code = isKafkaError(cause) ? cause.code : 'CORRUPT_MESSAGE';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KafkaError(code, `A batch cannot be read and is rejected: ${reason}`, {
    topic,
    partition,
    offset: batch.baseOffset,
    cause,
    retriable: false,
  });
}
