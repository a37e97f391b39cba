import type { Admin, GroupDescription, GroupOffset, TopicPartition } from '../../client/index.js';
import { type CliIo, say } from '../io.js';
import { byTopicAndPartition, endsOf } from '../offset-plan.js';
import { type GroupOffsetRow, groupMembers, groupOffsets, groupState } from './layout.js';

/** One group as `kafka-consumer-groups --describe` shows it. */
export async function describeGroup(
  admin: Admin,
  name: string,
  view: 'members' | 'offsets' | 'state',
  verbose: boolean,
  io: CliIo,
): Promise<void> {
  const [group] = await admin.describeGroups([name]);
  if (group === undefined) return;
  if (group.state === 'Empty') {
    say(io, `\nConsumer group '${name}' has no active members.`);
  } else if (group.state.endsWith('Rebalance')) {
    say(io, `\nWarning: Consumer group '${name}' is rebalancing.`);
  }
  if (view === 'state') await io.stdout.write(groupState(stateOf(group), verbose));
  else if (view === 'members') await io.stdout.write(groupMembers(membersOf(group), verbose));
  else await describeOffsets(admin, group, verbose, io);
}

function stateOf({ groupId, coordinator, protocol, state, members }: GroupDescription) {
  return {
    group: groupId,
    coordinator: coordinator === undefined ? '-' : `${coordinator.host}:${coordinator.port}`,
    coordinatorId: coordinator?.id ?? -1,
    assignor: protocol,
    state,
    members: members.length,
  };
}

function membersOf({ groupId, members }: GroupDescription) {
  return members.map(({ memberId, groupInstanceId, host, clientId, assignment }) => ({
    group: groupId,
    consumerId: memberId,
    groupInstanceId: groupInstanceId ?? undefined,
    host,
    clientId,
    assignment: byTopic(assignment),
  }));
}

function byTopic(partitions: readonly TopicPartition[]): [string, number[]][] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics].map(([topic, list]) => [topic, list.sort((a, b) => a - b)]);
}

async function describeOffsets(
  admin: Admin,
  group: GroupDescription,
  verbose: boolean,
  io: CliIo,
): Promise<void> {
  const committed = await admin.fetchOffsets(group.groupId);
  const rows = [...ownedRows(group, committed), ...unownedRows(group, committed)];
  if (rows.length === 0) return;
  const ends = await endsOf(admin, rows);
  const complete = rows.map((row, index) => ({ ...row, end: ends[index] }));
  await io.stdout.write(groupOffsets(complete, verbose));
}

/** What members own, the member with most partitions first. */
function ownedRows(group: GroupDescription, committed: readonly GroupOffset[]): GroupOffsetRow[] {
  const members = [...group.members].sort((a, b) => b.assignment.length - a.assignment.length);
  return members.flatMap(({ memberId, host, clientId, assignment }) =>
    [...assignment]
      .sort(byTopicAndPartition)
      .map((place) => rowOf(group, place, committed, { consumerId: memberId, host, clientId })),
  );
}

/** What is committed and owned by nobody. */
function unownedRows(group: GroupDescription, committed: readonly GroupOffset[]): GroupOffsetRow[] {
  const owned = new Set(
    group.members.flatMap(({ assignment }) => assignment.map((each) => nameOf(each))),
  );
  return committed
    .filter((each) => !owned.has(nameOf(each)))
    .sort(byTopicAndPartition)
    .map((place) => rowOf(group, place, committed, undefined));
}

function rowOf(
  { groupId }: GroupDescription,
  { topic, partition }: TopicPartition,
  committed: readonly GroupOffset[],
  member: { consumerId: string; host: string; clientId: string } | undefined,
): GroupOffsetRow {
  const offset = committed.find((each) => each.topic === topic && each.partition === partition);
  const epoch = offset?.leaderEpoch ?? -1;
  return {
    group: groupId,
    topic,
    partition,
    leaderEpoch: epoch < 0 ? undefined : epoch,
    current: offset?.offset,
    end: undefined,
    consumerId: member?.consumerId,
    host: member?.host,
    clientId: member?.clientId,
  };
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
