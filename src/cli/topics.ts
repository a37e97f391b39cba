import type { Admin } from '../client/index.js';
import { isKafkaError } from '../errors/index.js';
import { CommandFailure, UsageError } from './command.js';
import { changedConfigs } from './configs.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { count, table } from './table.js';

/** `kafkit topics list` */
export async function listTopics(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  return withKafka(input, io, async (kafka) => {
    const topics = await kafka.admin().listTopics({ internal: input.has('internal') });
    if (input.has('json')) {
      for (const topic of topics) await io.stdout.write(`${JSON.stringify(topic)}\n`);
    } else if (!io.stdout.isTerminal) {
      // A pipe gets names alone: `kafkit topics list | xargs …` works.
      await io.stdout.write(topics.map(({ name }) => `${name}\n`).join(''));
    } else {
      const rows = topics.map(({ name, partitions }) => [name, partitions]);
      await io.stdout.write(table(['TOPIC', 'PARTITIONS'], rows));
    }
    return 0;
  });
}

/** `kafkit topics create` */
export async function createTopics(input: Input, io: CliIo): Promise<number> {
  const names = input.operands;
  if (names.length === 0) throw new UsageError('The topic is missing.');
  const configs = Object.fromEntries(input.pairs('config'));
  const partitions = input.number('partitions', 1);
  const replicationFactor = input.number('replication-factor', 1);
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    for (const name of names) {
      try {
        const [made] = await admin.createTopics([{ name, partitions, replicationFactor, configs }]);
        say(io, `kafkit: created ${name} with ${count(made?.partitions ?? 0, 'partition')}.`);
      } catch (error) {
        const exists = isKafkaError(error, 'TOPIC_ALREADY_EXISTS');
        if (!exists || !input.has('if-not-exists')) throw error;
        say(io, `kafkit: ${name} exists already.`);
      }
    }
    return 0;
  });
}

/** `kafkit topics describe` */
export async function describeTopics(input: Input, io: CliIo): Promise<number> {
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    const all = async () => (await admin.listTopics()).map(({ name }) => name);
    const names = input.operands.length > 0 ? input.operands : await all();
    for (const [index, name] of names.entries()) {
      const description = await describe(admin, name);
      if (input.has('json')) {
        await io.stdout.write(`${JSON.stringify(description)}\n`);
        continue;
      }
      if (index > 0) await io.stdout.write('\n');
      await io.stdout.write(asText(description));
    }
    return 0;
  });
}

type Description = Awaited<ReturnType<typeof describe>>;

async function describe(admin: Admin, name: string) {
  const [topic] = await admin.describeTopics([name]);
  if (topic === undefined) throw new CommandFailure(`There is no topic ${name}.`);
  const places = topic.partitions.map(({ partition }) => ({ topic: name, partition }));
  const starts = await admin.listOffsets(places.map((each) => ({ ...each, at: 'earliest' })));
  const ends = await admin.listOffsets(places.map((each) => ({ ...each, at: 'latest' })));
  return {
    name,
    id: topic.id,
    configs: await changedConfigs(admin, name),
    partitions: topic.partitions.map(({ partition, leader, replicas, isr }, index) => ({
      partition,
      leader,
      replicas,
      isr,
      start: starts[index]?.offset ?? -1,
      end: ends[index]?.offset ?? -1,
    })),
  };
}

function asText({ name, id, configs, partitions }: Description): string {
  const records = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  const rows = partitions.map(({ partition, leader, replicas, isr, start, end }) => [
    partition,
    leader,
    replicas.join(','),
    isr.join(','),
    start,
    end,
  ]);
  const settings = Object.entries(configs).map(([key, value]) => `  ${key}=${value}\n`);
  const size = `${count(partitions.length, 'partition')}, ${count(records, 'offset')} in use`;
  return [
    `${name}: ${size}, id ${id}\n`,
    ...settings,
    table(['PARTITION', 'LEADER', 'REPLICAS', 'ISR', 'START', 'END'], rows),
  ].join('');
}

/** `kafkit topics alter` */
export async function alterTopic(input: Input, io: CliIo): Promise<number> {
  const name = input.onlyOperand('topic');
  const partitions = input.number('partitions', 1);
  const set = Object.fromEntries(input.pairs('config'));
  const remove = input.list('delete-config');
  const changesConfigs = Object.keys(set).length + remove.length > 0;
  if (partitions === undefined && !changesConfigs) {
    throw new UsageError('Nothing to do.', 'Give --partitions, --config or --delete-config.');
  }
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    if (partitions !== undefined) {
      await admin.createPartitions([{ topic: name, count: partitions }]);
      say(io, `kafkit: ${name} has ${count(partitions, 'partition')} now.`);
    }
    if (changesConfigs) {
      await admin.alterConfigs([{ type: 'topic', name, set, delete: remove }]);
      say(io, `kafkit: changed the settings of ${name}.`);
    }
    return 0;
  });
}

/** `kafkit topics delete`: the plan, and with `--yes` the deed. */
export async function deleteTopics(input: Input, io: CliIo): Promise<number> {
  const names = input.operands;
  if (names.length === 0) throw new UsageError('The topic is missing.');
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    const known = new Set((await admin.listTopics({ internal: true })).map(({ name }) => name));
    const there = names.filter((name) => known.has(name));
    const missing = names.filter((name) => !known.has(name));
    if (missing.length > 0 && !input.has('if-exists')) {
      throw new CommandFailure(`There is no topic ${missing.join(', ')}.`);
    }
    for (const name of there) {
      const { partitions } = await describe(admin, name);
      const records = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
      const size = `${count(partitions.length, 'partition')}, ${count(records, 'offset')} in use`;
      await io.stdout.write(
        `${input.has('yes') ? 'deleting' : 'would delete'} ${name} (${size})\n`,
      );
    }
    if (there.length === 0) return 0;
    if (input.has('yes')) await admin.deleteTopics(there);
    else say(io, 'kafkit: nothing was deleted; --yes does it.');
    return 0;
  });
}
