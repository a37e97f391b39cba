import type { Admin, Kafka, TopicDescription } from '../../client/index.js';
import { isKafkaError } from '../../errors/index.js';
import { CommandFailure, UsageError } from '../command.js';
import { withKafka } from '../connect.js';
import type { Input } from '../input.js';
import type { CliIo } from '../io.js';
import { type PartitionLayout, partitionLine, topicLine } from './layout.js';

const actions = ['create', 'list', 'describe', 'alter', 'delete'] as const;

/** `kafka-topics`, as Apache's TopicCommand does it. */
export async function kafkaTopics(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const given = actions.filter((action) => input.has(action));
  const [action] = given;
  if (action === undefined || given.length > 1) {
    const list = '--list, --describe, --create, --alter or --delete';
    throw new UsageError(`Exactly one action is needed: ${list}.`);
  }
  return withKafka(input, io, async (kafka) => {
    switch (action) {
      case 'create':
        await create(kafka.admin(), input, io);
        break;
      case 'list':
        await list(kafka.admin(), input, io);
        break;
      case 'describe':
        await describe(kafka, input, io);
        break;
      case 'alter':
        await alter(kafka.admin(), input);
        break;
      case 'delete':
        await remove(kafka.admin(), input);
    }
    return 0;
  });
}

async function create(admin: Admin, input: Input, io: CliIo): Promise<void> {
  const name = input.required('topic');
  if (name.includes('.') || name.includes('_')) {
    await io.stdout.write(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or " +
        "underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n",
    );
  }
  const replicaAssignment = assignmentOf(input.text('replica-assignment'));
  const counted = input.has('partitions') || input.has('replication-factor');
  if (replicaAssignment !== undefined && counted) {
    throw new UsageError('--replica-assignment says it all: no --partitions besides.');
  }
  try {
    await admin.createTopics([
      {
        name,
        partitions: input.number('partitions', 1),
        replicationFactor: input.number('replication-factor', 1),
        replicaAssignment,
        configs: Object.fromEntries(input.pairs('config')),
      },
    ]);
  } catch (error) {
    if (input.has('if-not-exists') && isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) return;
    throw error;
  }
  await io.stdout.write(`Created topic ${name}.\n`);
}

/** Reads `1:2,2:1`: the brokers of partition 0, then those of partition 1. */
function assignmentOf(text: string | undefined): number[][] | undefined {
  return text?.split(',').map((brokers) =>
    brokers.split(':').map((broker) => {
      if (/^\s*\d+\s*$/.test(broker)) return Number(broker);
      throw new UsageError(`--replica-assignment wants broker ids such as 1:2,2:1, not "${text}".`);
    }),
  );
}

async function list(admin: Admin, input: Input, io: CliIo): Promise<void> {
  const names = await namesOf(admin, input);
  await io.stdout.write(names.map((name) => `${name}\n`).join(''));
}

/** The topics that `--topic` matches (all without it), sorted. */
async function namesOf(admin: Admin, input: Input): Promise<string[]> {
  const expression = input.text('topic');
  const wanted = expression === undefined ? /^/ : new RegExp(`^(?:${expression})$`);
  const topics = await admin.listTopics({ internal: !input.has('exclude-internal') });
  return topics.map(({ name }) => name).filter((name) => wanted.test(name));
}

/** The same, but a name that matches nothing fails unless `--if-exists` is given. */
async function existing(admin: Admin, input: Input): Promise<string[]> {
  const names = await namesOf(admin, input);
  if (names.length > 0 || !input.has('topic') || input.has('if-exists')) return names;
  throw new CommandFailure(`Topic '${input.required('topic')}' does not exist as expected.`);
}

async function describe(kafka: Kafka, input: Input, io: CliIo): Promise<void> {
  const admin = kafka.admin();
  const names = await wantedNames(admin, input);
  if (names.length === 0) return;
  const topics = await admin.describeTopics(names);
  const configs = await configsOf(admin, names);
  const filters = partitionFilters(input, configs);
  for (const topic of topics) {
    const changed = configs.get(topic.name) ?? [];
    const overrides = input.has('topics-with-overrides');
    const partitions = topic.partitions.map(layoutOf);
    if (overrides && changed.length === 0) continue;
    if (filters.length === 0) {
      const line = { name: topic.name, topicId: topic.id, partitions, configs: changed };
      await io.stdout.write(topicLine(line));
    }
    if (overrides) continue;
    const shown = partitions.filter((each) => filters.every((keep) => keep(topic.name, each)));
    await io.stdout.write(shown.map((each) => partitionLine(topic.name, each)).join(''));
  }
}

async function wantedNames(admin: Admin, input: Input): Promise<string[]> {
  const id = input.text('topic-id');
  if (id === undefined) return existing(admin, input);
  const topics = await admin.listTopics({ internal: true });
  const found = topics.find((topic) => topic.id === id);
  if (found !== undefined) return [found.name];
  if (input.has('if-exists')) return [];
  throw new CommandFailure(`TopicId '${id}' does not exist as expected.`);
}

function layoutOf(partition: TopicDescription['partitions'][number]): PartitionLayout {
  return {
    partition: partition.partition,
    leader: partition.leader < 0 ? undefined : partition.leader,
    replicas: partition.replicas,
    isr: partition.isr,
    eligibleLeaderReplicas: partition.eligibleLeaderReplicas ?? [],
    lastKnownElr: partition.lastKnownElr ?? [],
  };
}

/** What is not a default, as `name=value`, in the broker's order. */
async function configsOf(admin: Admin, names: readonly string[]): Promise<Map<string, string[]>> {
  const resources = await admin.describeConfigs(names.map((name) => ({ type: 'topic', name })));
  return new Map(
    resources.map(({ name, entries }) => [
      name,
      entries.filter(({ isDefault }) => !isDefault).map((each) => `${each.name}=${each.value}`),
    ]),
  );
}

type PartitionFilter = (topic: string, partition: PartitionLayout) => boolean;

function partitionFilters(
  input: Input,
  configs: ReadonlyMap<string, readonly string[]>,
): PartitionFilter[] {
  const least = (topic: string) => {
    const setting = configs.get(topic)?.find((each) => each.startsWith('min.insync.replicas='));
    return Number(setting?.split('=')[1] ?? 1);
  };
  const filters: Record<string, PartitionFilter> = {
    'under-replicated-partitions': (_, { replicas, isr }) => isr.length < replicas.length,
    'unavailable-partitions': (_, { leader }) => leader === undefined,
    'under-min-isr-partitions': (topic, { isr }) => isr.length < least(topic),
    'at-min-isr-partitions': (topic, { isr }) => isr.length === least(topic),
  };
  return Object.entries(filters).flatMap(([flag, filter]) => (input.has(flag) ? [filter] : []));
}

async function alter(admin: Admin, input: Input): Promise<void> {
  input.required('topic');
  const wanted = input.number('partitions', 1);
  if (wanted === undefined) throw new UsageError('--partitions is missing.');
  const assignment = assignmentOf(input.text('replica-assignment'));
  for (const topic of await existing(admin, input)) {
    await admin.createPartitions([{ topic, count: wanted, assignments: assignment }]);
  }
}

async function remove(admin: Admin, input: Input): Promise<void> {
  input.required('topic');
  const names = await existing(admin, input);
  if (names.length > 0) await admin.deleteTopics(names);
}
