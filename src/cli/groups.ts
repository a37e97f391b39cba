import type { Admin, GroupDescription, GroupOffset } from '../client/index.js';
import { CommandFailure, UsageError } from './command.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import {
  byTopicAndPartition,
  endsOf,
  type OffsetTarget,
  type PlannedOffset,
  partitionsOf,
  planOffsets,
  stateOfGroup,
} from './offset-plan.js';
import { parseOffsetSpec } from './offset-spec.js';
import { count, table } from './table.js';

/** `kafkit groups list` */
export async function listGroups(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  return withKafka(input, io, async (kafka) => {
    const groups = await kafka.admin().listGroups();
    if (input.has('json')) {
      for (const group of groups) await io.stdout.write(`${JSON.stringify(group)}\n`);
    } else if (io.stdout.isTerminal) {
      const rows = groups.map(({ groupId, state, type }) => [groupId, state, type]);
      await io.stdout.write(table(['GROUP', 'STATE', 'TYPE'], rows));
    } else {
      await io.stdout.write(groups.map(({ groupId }) => `${groupId}\n`).join(''));
    }
    return 0;
  });
}

/** `kafkit groups describe` */
export async function describeGroups(input: Input, io: CliIo): Promise<number> {
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    const all = async () => (await admin.listGroups()).map(({ groupId }) => groupId);
    const names = input.operands.length > 0 ? input.operands : await all();
    const groups = await admin.describeGroups(names);
    for (const [index, group] of groups.entries()) {
      const offsets = await offsetsOf(admin, group);
      if (input.has('json')) {
        await io.stdout.write(`${JSON.stringify({ ...group, offsets })}\n`);
        continue;
      }
      if (index > 0) await io.stdout.write('\n');
      await io.stdout.write(asText(group, offsets));
    }
    return 0;
  });
}

type OffsetLine = Awaited<ReturnType<typeof offsetsOf>>[number];

/** Every partition the group has an offset for, or a member that owns it. */
async function offsetsOf(admin: Admin, { groupId, type, members }: GroupDescription) {
  const committed = await positionsOf(admin, groupId, type);
  const owned = members.flatMap(({ memberId, assignment }) =>
    assignment.map((each) => ({ ...each, memberId })),
  );
  const named = new Map(
    [...committed, ...owned].map(({ topic, partition }) => [
      `${topic}-${partition}`,
      { topic, partition },
    ]),
  );
  const places = [...named.values()].sort(byTopicAndPartition);
  const ends = await endsOf(admin, places);
  return places.map(({ topic, partition }, index) => {
    const here = (one: { topic: string; partition: number }) =>
      one.topic === topic && one.partition === partition;
    const position = committed.find(here);
    const current = position?.offset ?? null;
    const end = ends[index] ?? null;
    const behind = current === null || end === null ? null : end - current;
    const lag = position?.lag ?? behind;
    return { topic, partition, current, end, lag, member: owned.find(here)?.memberId ?? null };
  });
}

interface GroupPosition extends GroupOffset {
  /** Only of share groups, whose members are done with records behind their start as well. */
  readonly lag?: number | null | undefined;
}

/** Where a group is: what it has committed, or where a share group starts. */
async function positionsOf(
  admin: Admin,
  groupId: string,
  type: string,
): Promise<readonly GroupPosition[]> {
  if (type !== 'share') return admin.fetchOffsets(groupId);
  const starts = await admin.describeShareGroupOffsets(groupId);
  return starts.map(({ topic, partition, startOffset, leaderEpoch, lag }) => ({
    topic,
    partition,
    offset: startOffset,
    leaderEpoch,
    metadata: '',
    lag,
  }));
}

function asText(group: GroupDescription, offsets: readonly OffsetLine[]): string {
  const lag = offsets.reduce((sum, each) => sum + (each.lag ?? 0), 0);
  const members = count(group.members.length, 'member');
  const head = `${group.groupId}: ${group.state}, ${members}, ${count(lag, 'record')} behind\n`;
  if (offsets.length === 0) return head;
  const rows = offsets.map(({ topic, partition, current, end, lag: behind, member }) => [
    topic,
    partition,
    current ?? '-',
    end ?? '-',
    behind ?? '-',
    member ?? '-',
  ]);
  return head + table(['TOPIC', 'PARTITION', 'OFFSET', 'END', 'LAG', 'MEMBER'], rows);
}

/** `kafkit groups reset`: the plan, and with `--yes` the deed. */
export async function resetGroup(input: Input, io: CliIo): Promise<number> {
  const group = input.onlyOperand('group');
  const target = targetOf(input, io);
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    await needEmpty(admin, group, input.has('yes'));
    const type = await typeOf(admin, group);
    const committed = await positionsOf(admin, group, type);
    const topics = input.list('topic');
    const partitions =
      topics.length > 0
        ? await partitionsOf(admin, topics)
        : [...committed].sort(byTopicAndPartition);
    if (partitions.length === 0) {
      throw new CommandFailure(`The group ${group} has no offsets.`, 'Name topics with --topic.');
    }
    const plan = await planOffsets(admin, partitions, committed, target);
    await io.stdout.write(planText(plan));
    if (!input.has('yes')) {
      say(io, 'kafkit: nothing was moved; --yes does it.');
      return 0;
    }
    const offsets = plan.map(({ topic, partition, target: offset }) => ({
      topic,
      partition,
      offset,
    }));
    if (type === 'share') {
      await admin.alterShareGroupOffsets(
        group,
        offsets.map(({ offset, ...place }) => ({ ...place, startOffset: offset })),
      );
    } else await admin.alterOffsets(group, offsets);
    say(io, `kafkit: moved ${count(offsets.length, 'offset')} of the group ${group}.`);
    return 0;
  });
}

/** A group that is not there yet becomes a classic one by its first offset. */
async function typeOf(admin: Admin, group: string): Promise<string> {
  const found = (await admin.listGroups()).find(({ groupId }) => groupId === group);
  return found?.type ?? 'classic';
}

function targetOf(input: Input, io: CliIo): OffsetTarget {
  const to = input.text('to');
  const by = input.text('by');
  if ((to === undefined) === (by === undefined)) {
    throw new UsageError('Exactly one of --to and --by is needed.');
  }
  if (to !== undefined) return parseOffsetSpec(to, io.system.clock.now());
  if (by === undefined || !/^[+-]?\d+$/.test(by)) {
    throw new UsageError(`--by wants a number of records, not "${by}".`);
  }
  return { at: 'shift', by: Number(by) };
}

async function needEmpty(admin: Admin, group: string, doing: boolean): Promise<void> {
  const state = await stateOfGroup(admin, group);
  if (!doing || state === 'Empty' || state === 'Dead') return;
  throw new CommandFailure(
    `The group ${group} is ${state}: its members would move the offsets back.`,
    'Stop its consumers first.',
  );
}

function planText(plan: readonly PlannedOffset[]): string {
  const rows = plan.map(({ topic, partition, current, target, wanted }) => [
    topic,
    partition,
    current ?? '-',
    target,
    current === undefined ? '-' : target - current,
    wanted === undefined ? '' : `wanted ${wanted}`,
  ]);
  return table(['TOPIC', 'PARTITION', 'NOW', 'THEN', 'MOVE', ''], rows);
}

/** `kafkit groups delete`: the plan, and with `--yes` the deed. */
export async function deleteGroups(input: Input, io: CliIo): Promise<number> {
  const names = input.operands;
  if (names.length === 0) throw new UsageError('The group is missing.');
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    for (const { groupId, state, members } of await admin.describeGroups(names)) {
      const what = `${groupId} (${state}, ${count(members.length, 'member')})`;
      await io.stdout.write(`${input.has('yes') ? 'deleting' : 'would delete'} ${what}\n`);
    }
    if (input.has('yes')) await admin.deleteGroups(names);
    else say(io, 'kafkit: nothing was deleted; --yes does it.');
    return 0;
  });
}
