import type { Admin, GroupOffset, OffsetPlace, TopicPartition } from '../client/index.js';
import { isKafkaError } from '../errors/index.js';
import { CommandFailure, UsageError } from './command.js';
import type { OffsetSpec } from './offset-spec.js';

/** Where the offsets of a group are to go. */
export type OffsetTarget =
  | OffsetSpec
  /** Where the group is; the end where it has not been yet. */
  | { readonly at: 'current' }
  /** Relative to where the group is. */
  | { readonly at: 'shift'; readonly by: number };

export interface PlannedOffset extends TopicPartition {
  readonly current: number | undefined;
  readonly target: number;
  /** What was wanted, when the partition does not reach that far. */
  readonly wanted?: number | undefined;
  /** No record is as new as the time asked for: the end was taken. */
  readonly nothingSince?: boolean | undefined;
}

/** Reads `orders` or `orders:0,2`; names every partition of the topic in the first case. */
export async function partitionsOf(
  admin: Admin,
  texts: readonly string[],
): Promise<TopicPartition[]> {
  const all: TopicPartition[] = [];
  for (const text of texts) {
    const [topic = '', list] = text.split(':');
    if (list === undefined) {
      const [described] = await admin.describeTopics([topic]);
      for (const { partition } of described?.partitions ?? []) all.push({ topic, partition });
      continue;
    }
    for (const number of list.split(',')) {
      if (!/^\d+$/.test(number)) throw new UsageError(`"${text}" is no TOPIC:PARTITION,…`);
      all.push({ topic, partition: Number(number) });
    }
  }
  return all.sort(byTopicAndPartition);
}

export function byTopicAndPartition(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

/** The new offset of every partition, kept within what the partition holds. */
export async function planOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  committed: readonly GroupOffset[],
  target: OffsetTarget,
): Promise<PlannedOffset[]> {
  const at = (place: OffsetPlace) =>
    admin.listOffsets(partitions.map(({ topic, partition }) => ({ topic, partition, at: place })));
  const starts = await at('earliest');
  const ends = await at('latest');
  const times = target.at === 'time' ? await at({ timestamp: target.timestamp }) : [];
  return partitions.map(({ topic, partition }, index) => {
    const start = starts[index]?.offset ?? 0;
    const end = ends[index]?.offset ?? 0;
    const current = committed.find((one) => one.topic === topic && one.partition === partition);
    const found = times[index]?.offset ?? -1;
    const nothingSince = target.at === 'time' && found < 0;
    const time = nothingSince ? end : found;
    const wanted = wantedOffset(target, { topic, partition, start, end, time }, current?.offset);
    const inside = Math.min(Math.max(wanted, start), end);
    const plan = { topic, partition, current: current?.offset, target: inside, nothingSince };
    return inside === wanted ? plan : { ...plan, wanted };
  });
}

function wantedOffset(
  target: OffsetTarget,
  place: TopicPartition & { readonly start: number; readonly end: number; readonly time: number },
  current: number | undefined,
): number {
  switch (target.at) {
    case 'start':
      return place.start;
    case 'end':
      return place.end;
    case 'offset':
      return target.offset;
    case 'tail':
      return place.end - target.count;
    case 'time':
      return place.time;
    case 'current':
      return current ?? place.end;
    case 'shift':
      if (current !== undefined) return current + target.by;
      throw new CommandFailure(
        `The group has no offset for ${place.topic}-${place.partition} yet: nothing to shift.`,
      );
  }
}

/** Where each partition ends; undefined for those of topics that are gone. */
export async function endsOf(
  admin: Admin,
  places: readonly TopicPartition[],
): Promise<(number | undefined)[]> {
  const topics = new Set((await admin.listTopics({ internal: true })).map(({ name }) => name));
  const there = places.filter(({ topic }) => topics.has(topic));
  const listed = await admin.listOffsets(
    there.map(({ topic, partition }) => ({ topic, partition, at: 'latest' })),
  );
  const ends = new Map(there.map((place, index) => [place, listed[index]?.offset]));
  return places.map((place) => ends.get(place));
}

/** The state of a group; `Dead` when there is none. */
export async function stateOfGroup(admin: Admin, group: string): Promise<string> {
  try {
    const [description] = await admin.describeGroups([group]);
    return description?.state ?? 'Dead';
  } catch (error) {
    if (isKafkaError(error, 'GROUP_ID_NOT_FOUND')) return 'Dead';
    throw error;
  }
}
