import type { Admin } from '../../client/index.js';
import { isKafkaError } from '../../errors/index.js';
import { CommandFailure, UsageError } from '../command.js';
import { withKafka } from '../connect.js';
import type { Input } from '../input.js';
import { type CliIo, say } from '../io.js';
import { partitionsOf, stateOfGroup } from '../offset-plan.js';
import { describeGroup } from './group-description.js';
import { deletedOffsets, groupList } from './layout.js';
import { resetOffsets } from './reset-offsets.js';

const actions = ['list', 'describe', 'delete', 'delete-offsets', 'reset-offsets'] as const;

/** `kafka-consumer-groups`, as Apache's ConsumerGroupCommand does it for classic groups. */
export async function consumerGroups(input: Input, io: CliIo): Promise<number> {
  const given = actions.filter((action) => input.has(action));
  const [action] = given;
  if (action === undefined || given.length > 1) {
    const all = '--list, --describe, --delete, --reset-offsets or --delete-offsets';
    throw new UsageError(`Exactly one action is needed: ${all}.`);
  }
  // Only `--list --state Stable` takes a word without a flag.
  if (action !== 'list') input.noOperands();
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    switch (action) {
      case 'list':
        return list(admin, input, io);
      case 'describe':
        return describe(admin, input, io);
      case 'delete':
        return remove(admin, input, io);
      case 'delete-offsets':
        return removeOffsets(admin, input, io);
      case 'reset-offsets':
        return resetOffsets(admin, await groupsOf(admin, input), input, io);
    }
  });
}

/** The groups that `--group` or `--all-groups` name. */
async function groupsOf(admin: Admin, input: Input): Promise<readonly string[]> {
  const named = input.list('group');
  if (input.has('all-groups')) {
    if (named.length > 0) throw new UsageError('--group and --all-groups exclude each other.');
    return (await admin.listGroups()).map(({ groupId }) => groupId);
  }
  if (named.length === 0) throw new UsageError('--group or --all-groups is missing.');
  return named;
}

async function list(admin: Admin, input: Input, io: CliIo): Promise<number> {
  const show = { type: input.has('type'), state: input.has('state') };
  const wanted = input.operands.flatMap((text) => text.toLowerCase().split(','));
  const groups = (await admin.listGroups())
    .filter(({ state, type }) =>
      [state, type].some((word) => wanted.length === 0 || wanted.includes(word.toLowerCase())),
    )
    .map(({ groupId, state, type }) => ({ group: groupId, state, type }));
  await io.stdout.write(groupList(groups, show));
  return 0;
}

async function describe(admin: Admin, input: Input, io: CliIo): Promise<number> {
  const views = ['members', 'offsets', 'state'] as const;
  const given = views.filter((view) => input.has(view));
  if (given.length > 1) throw new UsageError('At most one of --members, --offsets and --state.');
  const [view = 'offsets'] = given;
  for (const group of await groupsOf(admin, input)) {
    await describeGroup(admin, group, view, input.has('verbose'), io);
  }
  return 0;
}

async function remove(admin: Admin, input: Input, io: CliIo): Promise<number> {
  const groups = await groupsOf(admin, input);
  const failed: string[] = [];
  const done: string[] = [];
  for (const group of groups) {
    try {
      await admin.deleteGroups([group]);
      done.push(`'${group}'`);
    } catch (error) {
      if (!isKafkaError(error)) throw error;
      failed.push(`* Group '${group}' could not be deleted due to: ${error.message}`);
    }
  }
  if (failed.length === 0) {
    const names = done.join(', ');
    await io.stdout.write(`Deletion of requested consumer groups (${names}) was successful.\n`);
    return 0;
  }
  await io.stdout.write(
    `\nError: Deletion of some consumer groups failed:\n${failed.join('\n')}\n`,
  );
  if (done.length > 0) {
    await io.stdout.write(
      `\nThese consumer groups were deleted successfully: ${done.join(', ')}\n`,
    );
  }
  return done.length > 0 ? 3 : 1;
}

async function removeOffsets(admin: Admin, input: Input, io: CliIo): Promise<number> {
  const [group, second] = input.list('group');
  if (group === undefined) throw new UsageError('--group is missing.');
  if (second !== undefined) throw new UsageError('--delete-offsets takes one --group.');
  if (!input.has('topic')) throw new UsageError('--topic is missing.');
  if ((await stateOfGroup(admin, group)) === 'Dead') {
    throw new CommandFailure(`There is no group ${group}.`);
  }
  const partitions = await partitionsOf(admin, input.list('topic'));
  await admin.deleteOffsets(group, partitions);
  await io.stdout.write(`Request succeeded for deleting offsets from group ${group}.\n`);
  const rows = partitions.map((each) => ({ ...each, status: 'Successful' }));
  await io.stdout.write(deletedOffsets(rows));
  if (rows.length === 0) say(io, 'kafkit: there was nothing to delete.');
  return 0;
}
