import {
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
  transactionLogKey,
  transactionLogValue,
  type TransactionLogValueDecoded,
  transactionStateRecords,
} from '../../protocol/internal/index.js';
import { endTxnMarker } from '../../records/index.js';
import { appendRecords } from './append-records.js';
import type { Partition } from '../partition/partition.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import { recordsOf } from './log-records.js';

const transactionTopic = '__transaction_state';

/** Statuses as the log of the transaction coordinator numbers them. */
const status = { ongoing: 1, prepareCommit: 2, prepareAbort: 3, commit: 4, abort: 5 } as const;
const epochMax = 0x7fff;
/** The version of a value that Kafka writes at transaction.version 2. */
const valueWritten = 1;

export interface SettledTransactions {
  readonly committed: number;
  readonly aborted: number;
  /** Above every producer id seen. */
  readonly nextProducerId: number;
}

/**
 * Ends every open transaction: what the coordinator had decided to commit is committed, all others
 * are aborted, and their producers fenced as by a timeout. A transaction that no coordinator knows
 * of is aborted, too.
 */
export async function settleTransactions(
  topics: TopicRegistry,
  now: number,
): Promise<SettledTransactions> {
  const ended = { committed: 0, aborted: 0, nextProducerId: 0 };
  const partitions = topics.all().flatMap((topic) => topic.partitions);
  for (const partition of topics.byName(transactionTopic)?.partitions ?? []) {
    for (const [transactionalId, value] of await statesOf(partition)) {
      ended.nextProducerId = Math.max(ended.nextProducerId, value.producerId + 1);
      if (!isOpen(value)) continue;
      const commits = value.transactionStatus === status.prepareCommit;
      const fenced = value.transactionStatus === status.ongoing && value.producerEpoch < epochMax;
      const producerEpoch = value.producerEpoch + (fenced ? 1 : 0);
      for (const target of partitions) {
        endIn(target, value.producerId, producerEpoch, commits, now);
      }
      appendRecords(partition, now, [completed(transactionalId, value, producerEpoch, now)]);
      if (commits) ended.committed += 1;
      else ended.aborted += 1;
    }
  }
  const orphans = new Set<number>();
  for (const partition of partitions) {
    for (const { producerId, producerEpoch } of partition.log.producers()) {
      ended.nextProducerId = Math.max(ended.nextProducerId, producerId + 1);
      if (endIn(partition, producerId, producerEpoch, false, now)) orphans.add(producerId);
    }
  }
  ended.aborted += orphans.size;
  return ended;
}

function isOpen({ transactionStatus }: TransactionLogValueDecoded): boolean {
  const open: readonly number[] = [status.ongoing, status.prepareCommit, status.prepareAbort];
  return open.includes(transactionStatus);
}

/** The last word on every transactional id of a partition. */
async function statesOf(partition: Partition): Promise<Map<string, TransactionLogValueDecoded>> {
  const states = new Map<string, TransactionLogValueDecoded>();
  for await (const { batch, record } of recordsOf(partition.log)) {
    if (batch.isControl || record.key === null) continue;
    const decoded = decodeCoordinatorRecord(transactionStateRecords, record.key, record.value);
    if (decoded === undefined) continue;
    const { transactionalId } = decoded.key;
    if (decoded.value === null) states.delete(transactionalId);
    else states.set(transactionalId, decoded.value);
  }
  return states;
}

/** Writes the marker where the producer has an open transaction. */
function endIn(
  partition: Partition,
  producerId: number,
  producerEpoch: number,
  commits: boolean,
  now: number,
): boolean {
  const { log, leaderEpoch } = partition;
  const entry = log.producerState.entry(producerId);
  if (entry === undefined || entry.transactionStart < 0) return false;
  const marker = endTxnMarker({
    type: commits ? 'commit' : 'abort',
    producerId,
    producerEpoch: Math.max(producerEpoch, entry.producerEpoch),
    coordinatorEpoch: Math.max(0, entry.coordinatorEpoch),
    timestamp: now,
  });
  log.append(marker, { leaderEpoch, origin: 'coordinator', now });
  return true;
}

function completed(
  transactionalId: string,
  value: TransactionLogValueDecoded,
  producerEpoch: number,
  now: number,
) {
  const commits = value.transactionStatus === status.prepareCommit;
  return {
    key: encodeRecordKey(transactionLogKey, { transactionalId }),
    value: encodeRecordValue(transactionLogValue, valueWritten, {
      ...value,
      producerEpoch,
      transactionStatus: commits ? status.commit : status.abort,
      // Null is for transactions that were never begun: Kafka reads nothing behind it.
      transactionPartitions: [],
      transactionLastUpdateTimestampMs: now,
    }),
  };
}
