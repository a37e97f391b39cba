import type { Log, LogConfig, LogManager } from '../../src/broker/log/index.js';
import { batchesIn } from '../../src/records/index.js';
import type { SimulatedSystem } from '../../src/system/simulated/index.js';

/** A record as the twin remembers it. */
export interface Written {
  readonly offset: number;
  readonly key: string;
  /** Null for a tombstone. */
  readonly value: string | null;
  readonly timestamp: number;
  readonly producerId: number;
  isAborted: boolean;
}

/** A producer, plain (id -1), idempotent or transactional. */
export interface Writer {
  readonly producerId: number;
  readonly isTransactional: boolean;
  epoch: number;
  sequence: number;
  /** Offsets of the transaction that is open. */
  open: Written[];
  /** The last data batch, as it was sent. */
  last: Buffer | undefined;
  lastOffset: number;
}

export interface Life {
  system: SimulatedSystem;
  logs: LogManager;
  log: Log;
  readonly config: LogConfig;
  readonly mapBytes: number;
  twin: Twin;
  /** How the twin was when the log had this end: since the last sync, which a crash may undo. */
  readonly past: { readonly end: number; readonly twin: Twin }[];
}

/** What the log should know. */
export interface Twin {
  /** Everything ever written, by offset. */
  readonly written: Map<number, Written>;
  readonly writers: Writer[];
}

/** What a committed reader ends up with, from the twin: the last record of each key. */
export function lastOfKeys({ twin: { written } }: Life, below: number): Map<string, Written> {
  const last = new Map<string, Written>();
  for (const one of written.values()) {
    if (!one.isAborted && one.offset < below) last.set(one.key, one);
  }
  return last;
}

interface Read {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
}

/** All data records of the log, aborted or not; each must be one that was written. */
export function recordsOf(life: Life): Read[] {
  const found: Read[] = [];
  for (const batch of batchesOf(life)) {
    if (batch.isControl) continue;
    for (const record of batch.records()) {
      const twin = life.twin.written.get(record.offset);
      const key = String(record.key);
      const value = record.value === null ? null : String(record.value);
      const { timestamp } = record;
      if (twin?.key !== key || twin.value !== value || twin.timestamp !== timestamp) {
        throw new Error(`offset ${record.offset} holds ${key}=${value} at ${timestamp}`);
      }
      found.push({ offset: record.offset, key, value });
    }
  }
  return found;
}

function batchesOf({ log, system }: Life) {
  const batches = [];
  let next = log.logStartOffset;
  while (next < log.logEndOffset) {
    const options = { upTo: log.logEndOffset, minOneBatch: true };
    const { chunks, bytes } = log.read(next, 1 + system.random.below(2000), options);
    if (bytes === 0) break;
    const before = next;
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      batch.ensureValid();
      if (batch.lastOffset < before) continue;
      if (batch.baseOffset < next && next !== before) throw new Error('batches overlap');
      batches.push(batch);
      next = batch.nextOffset;
    }
    if (next === before) throw new Error(`nothing to read at ${next}`);
  }
  return batches;
}

/** A reader, committed or not, ends up with what the twin says; offsets and order hold. */
export function check(life: Life): void {
  const { log } = life;
  const { written } = life.twin;
  const records = recordsOf(life);
  const offsets = records.map(({ offset }) => offset);
  if (offsets.some((offset, i) => i > 0 && offset <= (offsets[i - 1] ?? -1))) {
    throw new Error(`offsets are out of order: ${offsets.join()}`);
  }
  const visible = new Map<string, Read>();
  for (const record of committedOf(life)) visible.set(record.key, record);
  const stable = log.firstOpenTransactionOffset ?? log.logEndOffset;
  for (const [key, twin] of lastOfKeys(life, stable)) {
    const found = visible.get(key);
    if (found === undefined && twin.value === null) continue;
    if (found?.offset !== twin.offset) {
      throw new Error(`${key} is read at ${found?.offset} instead of ${twin.offset}`);
    }
  }
  const bound = log.segments.active.baseOffset;
  for (const { offset } of written.values()) {
    if (offset >= bound && !offsets.includes(offset)) throw new Error(`${offset} is missing`);
  }
}

/** What isolation level read_committed shows, as clients filter it. */
function committedOf(life: Life): Read[] {
  const { log } = life;
  const upcoming = log.abortedTransactions(log.logStartOffset, log.logEndOffset);
  const aborted = new Set<number>();
  const seen: Read[] = [];
  const stable = log.firstOpenTransactionOffset ?? log.logEndOffset;
  for (const batch of batchesOf(life)) {
    if (batch.baseOffset >= stable) break;
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= batch.lastOffset) {
      aborted.add(upcoming.shift()?.producerId ?? -1);
    }
    if (batch.isControl) {
      aborted.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && aborted.has(batch.producerId)) continue;
    for (const { offset, key, value } of batch.records()) {
      if (life.twin.written.get(offset)?.isAborted) throw new Error(`${offset} was aborted`);
      seen.push({ offset, key: String(key), value: value === null ? null : String(value) });
    }
  }
  return seen;
}

/** Every producer's state has survived: epoch, sequence, open transaction, its last batch. */
export function checkProducers(life: Life): void {
  const { log, system } = life;
  const now = system.clock.now();
  for (const writer of life.twin.writers) {
    const { producerId, epoch, sequence, last, lastOffset } = writer;
    if (producerId < 0 || lastOffset < 0) continue;
    const summary = log.producers().find((one) => one.producerId === producerId);
    const start = writer.open[0]?.offset ?? -1;
    const isRight =
      summary?.producerEpoch === epoch &&
      summary.lastSequence === (last === undefined ? -1 : sequence - 1) &&
      summary.currentTransactionStartOffset === start;
    if (!isRight) throw new Error(`producer ${producerId} is ${JSON.stringify(summary)}`);
    if (last === undefined) continue;
    const result = log.append(Buffer.from(last), { leaderEpoch: 0, origin: 'client', now });
    if (!result.duplicate || result.lastOffset !== lastOffset) {
      throw new Error(`the last batch of ${producerId} is not known again`);
    }
  }
}
