import { KafkaError } from '../errors/index.js';
import type { System } from '../system/index.js';
import type { PartitionToCopy } from './copy-records.js';
import type { MigrateOptions } from './migration-options.js';
import type { MigrationState } from './migration-state.js';
import { readRanges } from './read-ranges.js';
import { addRecord } from './record-checksum.js';

/**
 * Reads back what has been copied since the last comparison, and compares its checksum with that
 * of the records as they were read from the source.
 */
export async function verifyCopies(
  options: MigrateOptions,
  system: System,
  state: MigrationState,
  partitions: readonly PartitionToCopy[],
): Promise<void> {
  const checks = partitions.flatMap(({ topic, partition, withTime }) => {
    const known = state.partition(topic, partition);
    const end = known?.marks.at(-1);
    if (known === undefined || end === undefined) return [];
    const begin = known.verified;
    return [{ topic, partition, withTime, begin, end, checksum: begin.checksum }];
  });
  const byPlace = new Map(checks.map((check) => [`${check.topic} ${check.partition}`, check]));
  const total = checks.reduce((sum, { begin, end }) => sum + end.target - begin.target, 0);
  let done = 0;
  const ranges = checks.map(({ topic, partition, begin, end }) => {
    return { topic, partition, from: begin.target, until: end.target };
  });
  await readRanges(options.to, system, ranges, (records, { topic, partition }) => {
    const check = byPlace.get(`${topic} ${partition}`);
    if (check === undefined) return;
    for (const record of records) {
      check.checksum = addRecord(check.checksum, record, check.withTime);
    }
    done += records.length;
    options.onProgress?.({ phase: 'verify', done, total });
  });
  for (const { topic, partition, checksum, end } of checks) {
    if (checksum !== end.checksum) {
      throw new KafkaError('INVALID_ARGUMENT', 'The copy differs from the source.', {
        topic,
        partition,
        hint: 'Has somebody else written to it? Delete the topic in the target and begin anew.',
      });
    }
    state.verified(topic, partition, end);
  }
}
