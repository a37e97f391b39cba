import type { Admin, GroupOffset } from '../client/index.js';
import type { MigratedGroup, MigrateOptions } from './migration-options.js';
import type { MigrationState, PartitionState } from './migration-state.js';
import { readRanges } from './read-ranges.js';
import type { System } from '../system/index.js';
import { matches } from './topic-plan.js';

/** What a group has committed for topics that were migrated. */
interface GroupToMove {
  readonly group: string;
  readonly offsets: readonly GroupOffset[];
}

/** An offset that cannot be told from the marks: records have to be counted. */
interface Open {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly from: number;
  readonly base: number;
}

const key = (topic: string, partition: number, offset: number): string =>
  `${topic} ${partition} ${offset}`;

/** Brings committed offsets over, each translated to where its record lies in the target. */
export async function moveGroups(
  admins: { readonly from: Admin; readonly to: Admin },
  options: MigrateOptions,
  system: System,
  state: MigrationState,
): Promise<MigratedGroup[]> {
  const groups = await groupsOf(admins.from, options, state);
  const places = await translate(groups, options, system, state);
  const moved: MigratedGroup[] = [];
  for (const { group, offsets } of groups) {
    const wanted = offsets.map(({ topic, partition, offset, metadata }) => {
      return { topic, partition, metadata, offset: places.get(key(topic, partition, offset)) ?? 0 };
    });
    let failure: string | undefined;
    try {
      const there = await admins.to.fetchOffsets(group);
      const changed = wanted.filter(
        (each) =>
          !there.some(
            ({ topic, partition, offset }) =>
              topic === each.topic && partition === each.partition && offset === each.offset,
          ),
      );
      if (changed.length > 0) await admins.to.alterOffsets(group, changed);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    moved.push({ group, offsets: wanted.length, failure });
    options.onProgress?.({ phase: 'groups', done: moved.length, total: groups.length });
  }
  return moved;
}

async function groupsOf(
  admin: Admin,
  options: MigrateOptions,
  state: MigrationState,
): Promise<GroupToMove[]> {
  const groups: GroupToMove[] = [];
  for (const { groupId, protocolType, type } of await admin.listGroups()) {
    const isConsumers = protocolType === 'consumer' || protocolType === '';
    if (!isConsumers || /share|streams/i.test(type) || !matches(options.groups, groupId)) continue;
    const committed = await admin.fetchOffsets(groupId);
    const offsets = committed.filter(
      ({ topic, partition }) => state.partition(topic, partition) !== undefined,
    );
    if (offsets.length > 0) groups.push({ group: groupId, offsets });
  }
  return groups;
}

/**
 * The place of each offset in the target. Between two marks that are as far apart in both clusters
 * no record is missing, and it can be told at once; otherwise the records in between are counted.
 */
async function translate(
  groups: readonly GroupToMove[],
  options: MigrateOptions,
  system: System,
  state: MigrationState,
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  const open = new Map<string, Open>();
  for (const { topic, partition, offset } of groups.flatMap((each) => each.offsets)) {
    const known = state.partition(topic, partition);
    if (known === undefined) continue;
    const place = placeOf(known, offset);
    if (typeof place === 'number') places.set(key(topic, partition, offset), place);
    else open.set(key(topic, partition, offset), { topic, partition, offset, ...place });
  }
  for (const { topic, partition, offset, from, base } of open.values()) {
    let count = 0;
    const range = { topic, partition, from, until: offset };
    await readRanges(options.from, system, [range], (records) => {
      count += records.length;
    });
    places.set(key(topic, partition, offset), base + count);
  }
  return places;
}

function placeOf(
  { marks }: PartitionState,
  offset: number,
): number | { readonly from: number; readonly base: number } {
  const at = marks.findLastIndex(({ source }) => source <= offset);
  const before = marks[at];
  const after = marks[at + 1];
  // Before everything that was there, or behind everything that was copied.
  if (before === undefined) return marks[0]?.target ?? 0;
  if (after === undefined) return before.target;
  const isDense = after.source - before.source === after.target - before.target;
  if (isDense) return before.target + offset - before.source;
  return { from: before.source, base: before.target };
}
