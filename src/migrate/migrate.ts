import { KafkaError } from '../errors/index.js';
import { realSystem, type System } from '../system/index.js';
import { copyAcls } from './acls.js';
import { copyRecords, type PartitionToCopy } from './copy-records.js';
import { moveGroups } from './group-offsets.js';
import type { MigratedTopic, MigrateOptions, MigrationReport } from './migration-options.js';
import { MigrationState } from './migration-state.js';
import { planPartitions, planTopics, prepareTopics, settleTopics } from './topic-plan.js';
import { verifyCopies } from './verify-copies.js';

/** Nobody waits for a single record: batches may grow to sixteen times this, below 1 MB. */
const batchBytes = 48 * 1024;
/** The largest record, too. */
const requestBytesMax = 32 * 1024 * 1024;

/**
 * Copies topics with their settings, records, access control entries and committed offsets from
 * one running cluster to another. Records keep partition, order, key, value, headers and timestamp;
 * offsets may differ (what was deleted, compacted or aborted is not copied), and committed offsets
 * are translated exactly. Ends at the offsets that were the ends when it began: call it again to
 * catch up, and once more when nobody writes to the source any longer.
 *
 * It may be stopped or fail at any time; the next call with the same `statePath` goes on without
 * writing a record twice. Nobody else may write to the target's topics meanwhile. Fails with
 * INVALID_ARGUMENT where both clusters are the same, where a topic of the target has records of its
 * own, or where the copy turns out to differ.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationReport> {
  const system = options.system ?? realSystem();
  const from = options.from.admin();
  const to = options.to.admin();
  try {
    const source = (await from.describeCluster()).clusterId ?? '';
    const target = (await to.describeCluster()).clusterId ?? '';
    if (source === target) {
      throw new KafkaError(
        'INVALID_ARGUMENT',
        `Source and target are the same cluster, ${source}.`,
      );
    }
    const state = MigrationState.open(system.disk, options.statePath, source, target);
    try {
      return await run(options, { from, to }, system, state);
    } finally {
      state.close();
    }
  } finally {
    await from.close();
    await to.close();
  }
}

async function run(
  options: MigrateOptions,
  admins: Parameters<typeof moveGroups>[0],
  system: System,
  state: MigrationState,
): Promise<MigrationReport> {
  const plans = await planTopics(admins.from, options);
  await prepareTopics(admins.to, plans, options);
  const partitions = await planPartitions(admins.from, admins.to, plans, state);
  const copied = await copy(options, system, state, partitions);
  const topics = plans.map(({ name, partitions: count }): MigratedTopic => {
    const own = partitions.filter(({ topic }) => topic === name);
    return { name, partitions: count, ...recordsOf(own, state) };
  });
  if (!copied) return { topics, groups: [], acls: 0, interrupted: true, notes: [] };
  if (options.verify !== false) await verifyCopies(options, system, state, partitions);
  await settleTopics(admins.to, plans);
  const notes: string[] = [];
  const acls = await copyAcls(options, plans, notes);
  const groups = await moveGroups(admins, options, system, state);
  return { topics, groups, acls, interrupted: false, notes };
}

function recordsOf(
  partitions: readonly PartitionToCopy[],
  state: MigrationState,
): { readonly records: number; readonly recordsInAll: number } {
  let records = 0;
  let recordsInAll = 0;
  for (const { topic, partition, begin, ahead } of partitions) {
    const marks = state.partition(topic, partition)?.marks ?? [];
    const end = marks.at(-1)?.target ?? 0;
    records += Math.max(0, end - begin.target - ahead);
    recordsInAll += end - (marks[0]?.target ?? 0);
  }
  return { records, recordsInAll };
}

async function copy(
  options: MigrateOptions,
  system: System,
  state: MigrationState,
  partitions: readonly PartitionToCopy[],
): Promise<boolean> {
  // Offsets that hold no record count, too: nobody knows before how many there are.
  const total = partitions.reduce(
    (sum, { until, begin, ahead }) => sum + Math.max(0, until - begin.source - ahead),
    0,
  );
  let done = 0;
  const producer = options.to.producer({
    compression: options.compression,
    batchSize: batchBytes,
    maxRequestSize: requestBytesMax,
    lingerMs: 5,
    // Order is all that offsets are translated by: nothing is sent behind what may be sent again.
    maxInFlightRequestsPerConnection: 1,
  });
  try {
    const { from, to, signal } = options;
    const copied = (records: number): void => {
      done += records;
      options.onProgress?.({ phase: 'copy', done, total: Math.max(done, total) });
    };
    return await copyRecords({ from, to, system, state, producer, signal, copied }, partitions);
  } finally {
    await producer.close();
  }
}
