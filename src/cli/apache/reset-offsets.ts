import type { Admin, TopicPartition } from '../../client/index.js';
import { CommandFailure, UsageError } from '../command.js';
import type { Input } from '../input.js';
import { type CliIo, say } from '../io.js';
import {
  byTopicAndPartition,
  type OffsetTarget,
  type PlannedOffset,
  partitionsOf,
  planOffsets,
  stateOfGroup,
} from '../offset-plan.js';
import { parseIsoDuration } from '../offset-spec.js';
import { newOffsets } from './layout.js';

interface GroupPlan {
  readonly group: string;
  readonly offsets: readonly PlannedOffset[];
}

/** `kafka-consumer-groups --reset-offsets` for the groups given. */
export async function resetOffsets(
  admin: Admin,
  groups: readonly string[],
  input: Input,
  io: CliIo,
): Promise<number> {
  if (input.has('execute') && input.has('dry-run')) {
    throw new UsageError('--execute and --dry-run exclude each other.');
  }
  const file = input.text('from-file');
  const target = file === undefined ? targetOf(input, io) : undefined;
  const execute = input.has('execute');
  if (!execute && !input.has('dry-run'))
    say(io, 'kafkit: only shown; --execute moves the offsets.');
  const plans: GroupPlan[] = [];
  let failed = 0;
  for (const group of groups) {
    const state = await stateOfGroup(admin, group);
    if (state !== 'Empty' && state !== 'Dead') {
      say(
        io,
        `\nError: Assignments can only be reset if the group '${group}' is inactive, ` +
          `but the current state is ${state}.`,
      );
      failed += 1;
      continue;
    }
    const offsets =
      target === undefined
        ? await planFromFile(admin, group, groups.length, file ?? '', io)
        : await planFromFlags(admin, group, target, input);
    for (const each of offsets) {
      warnWhenMoved(each, io);
      if (each.nothingSince === true) await io.stdout.write(fallenBack(each));
    }
    if (execute) {
      const wanted = offsets.map(({ topic, partition, target: offset }) => ({
        topic,
        partition,
        offset,
      }));
      await admin.alterOffsets(group, wanted);
    }
    plans.push({ group, offsets });
  }
  await io.stdout.write(input.has('export') ? asCsv(plans, groups.length) : asTable(plans));
  if (failed === 0) return 0;
  return failed < groups.length ? 3 : 1;
}

function warnWhenMoved({ topic, partition, target, wanted }: PlannedOffset, io: CliIo): void {
  if (wanted === undefined) return;
  const what = wanted > target ? 'higher than the latest' : 'lower than the earliest';
  say(io, `kafkit: ${wanted} is ${what} offset of ${topic}-${partition}; taking ${target}.`);
}

/** Apache says this on stdout. */
function fallenBack({ topic, partition }: PlannedOffset): string {
  const what = `Partition ${partition} from topic ${topic} is empty`;
  return `\nWarn: ${what}. Falling back to latest known offset.\n`;
}

const targets = [
  'to-earliest',
  'to-latest',
  'to-current',
  'to-offset',
  'to-datetime',
  'by-duration',
  'shift-by',
] as const;

function targetOf(input: Input, io: CliIo): OffsetTarget {
  const given = targets.filter((name) => input.has(name));
  const [name] = given;
  if (name === undefined || given.length > 1) {
    const all = [...targets, 'from-file'].map((each) => `--${each}`).join(', ');
    throw new UsageError(`Exactly one of ${all} is needed.`);
  }
  switch (name) {
    case 'to-earliest':
      return { at: 'start' };
    case 'to-latest':
      return { at: 'end' };
    case 'to-current':
      return { at: 'current' };
    case 'to-offset':
      return { at: 'offset', offset: wholeNumber(input, name) };
    case 'shift-by':
      return { at: 'shift', by: wholeNumber(input, name) };
    case 'to-datetime':
      return { at: 'time', timestamp: dateOf(input.required(name)) };
    case 'by-duration': {
      const ago = parseIsoDuration(input.required(name));
      return { at: 'time', timestamp: io.system.clock.now() - ago };
    }
  }
}

/** May be negative, unlike other numbers of the command line. */
function wholeNumber(input: Input, flag: string): number {
  const text = input.required(flag);
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${flag} wants a whole number, not "${text}".`);
}

/** `YYYY-MM-DDThh:mm:ss.sss`, with or without a time zone; without, this machine's. */
function dateOf(text: string): number {
  const date = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(date)) return date;
  throw new UsageError(`--to-datetime wants YYYY-MM-DDThh:mm:ss.sss, not "${text}".`);
}

async function planFromFlags(
  admin: Admin,
  group: string,
  target: OffsetTarget,
  input: Input,
): Promise<PlannedOffset[]> {
  const committed = await admin.fetchOffsets(group);
  const topics = input.list('topic');
  if (topics.length === 0 && !input.has('all-topics')) {
    throw new UsageError('--topic or --all-topics is missing.');
  }
  const partitions: TopicPartition[] = input.has('all-topics')
    ? [...committed].sort(byTopicAndPartition)
    : await partitionsOf(admin, topics);
  return partitions.length === 0 ? [] : planOffsets(admin, partitions, committed, target);
}

/** Lines `topic,partition,offset`, or `group,topic,partition,offset` for several groups. */
async function planFromFile(
  admin: Admin,
  group: string,
  groups: number,
  path: string,
  io: CliIo,
): Promise<PlannedOffset[]> {
  if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  const plan: PlannedOffset[] = [];
  const committed = await admin.fetchOffsets(group);
  for (const line of io.system.disk.readFile(path).toString('utf8').split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const whose = cells.length === 4 ? cells.shift() : undefined;
    const [topic = '', partition = '', offset = ''] = cells;
    if (cells.length !== 3 || !/^\d+$/.test(partition) || !/^\d+$/.test(offset)) {
      throw new CommandFailure(`"${line}" in ${path} is no topic,partition,offset.`);
    }
    if (whose === undefined ? groups > 1 : whose !== group) continue;
    const place = [{ topic, partition: Number(partition) }];
    const target = { at: 'offset', offset: Number(offset) } as const;
    plan.push(...(await planOffsets(admin, place, committed, target)));
  }
  return plan;
}

function asTable(plans: readonly GroupPlan[]): string {
  return newOffsets(
    plans.flatMap(({ group, offsets }) =>
      offsets.map(({ topic, partition, target }) => ({ group, topic, partition, offset: target })),
    ),
  );
}

function asCsv(plans: readonly GroupPlan[], groups: number): string {
  const lines = plans.flatMap(({ group, offsets }) =>
    offsets.map(({ topic, partition, target }) =>
      [...(groups > 1 ? [group] : []), topic, partition, target].join(','),
    ),
  );
  return `${lines.map((each) => `${each}\n`).join('')}\n`;
}
