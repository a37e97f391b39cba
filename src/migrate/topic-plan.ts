import type { Admin, TopicListing } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { PartitionToCopy } from './copy-records.js';
import type { MigrateOptions } from './migration-options.js';
import type { MigrationState } from './migration-state.js';

/** A topic to be copied, with its own settings. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  /** What the topic sets for itself in the source. */
  readonly configs: Readonly<Record<string, string>>;
}

/**
 * In force on the target while records arrive: nothing may be deleted or compacted before it has
 * been compared, and timestamps stay those of the producers.
 */
const whileCopying: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'message.timestamp.type': 'CreateTime',
};

const messageBytes = 'max.message.bytes';
/** Kafka's default, which our batches keep below. */
const messageBytesMin = 1_048_588;

function guarded({ configs }: TopicPlan): Record<string, string> {
  const own = Number(configs[messageBytes] ?? messageBytesMin);
  return { ...whileCopying, [messageBytes]: String(Math.max(own, messageBytesMin)) };
}

/** Settings that name brokers of the source, and mean nothing elsewhere. */
const bound = new Set([
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
]);

export const matches = (wanted: readonly string[] | RegExp | undefined, name: string): boolean => {
  if (wanted === undefined) return true;
  return wanted instanceof RegExp ? wanted.test(name) : wanted.includes(name);
};

/** The topics that were asked for, with what they set for themselves. */
export async function planTopics(admin: Admin, options: MigrateOptions): Promise<TopicPlan[]> {
  const found = (await admin.listTopics()).filter(({ name, internal }) => {
    return !internal && matches(options.topics, name);
  });
  if (options.topics !== undefined && !(options.topics instanceof RegExp)) {
    const missing = options.topics.filter((name) => !found.some((each) => each.name === name));
    if (missing.length > 0) {
      throw new KafkaError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `The source has no topic ${missing.join(', ')}.`,
      );
    }
  }
  if (found.length === 0) return [];
  const described = await admin.describeConfigs(
    found.map(({ name }) => ({ type: 'topic' as const, name })),
  );
  return found.map(({ name, partitions }) => ({
    name,
    partitions,
    configs: ownConfigs(described.find((each) => each.name === name)?.entries ?? []),
  }));
}

function ownConfigs(
  entries: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: string;
  }[],
): Record<string, string> {
  const own: Record<string, string> = {};
  for (const { name, value, source } of entries) {
    if (source === 'topic' && value !== null && !bound.has(name)) own[name] = value;
  }
  return own;
}

/** Makes the topics that the target lacks, and sets all to take records in. */
export async function prepareTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  { replicationFactor }: MigrateOptions,
): Promise<void> {
  const there = new Map<string, TopicListing>();
  for (const topic of await admin.listTopics()) there.set(topic.name, topic);
  const missing = plans.filter(({ name }) => !there.has(name));
  await admin.createTopics(
    missing.map((plan) => ({
      name: plan.name,
      partitions: plan.partitions,
      replicationFactor,
      configs: { ...plan.configs, ...guarded(plan) },
    })),
  );
  const grown = plans.filter(
    ({ name, partitions }) => (there.get(name)?.partitions ?? partitions) < partitions,
  );
  if (grown.length > 0) {
    await admin.createPartitions(
      grown.map(({ name, partitions }) => {
        return { topic: name, count: partitions };
      }),
    );
  }
  const others = plans.filter(({ name }) => there.has(name));
  if (others.length === 0) return;
  await admin.alterConfigs(
    others.map((plan) => ({ type: 'topic' as const, name: plan.name, set: guarded(plan) })),
  );
}

/** Gives the topics on the target the settings they have in the source. */
export async function settleTopics(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  if (plans.length === 0) return;
  await admin.alterConfigs(
    plans.map(({ name, configs }) => ({
      type: 'topic' as const,
      name,
      set: configs,
      delete: [...Object.keys(whileCopying), messageBytes].filter(
        (key) => configs[key] === undefined,
      ),
    })),
  );
}

/** Where each partition goes on, and up to where, as both clusters are now. */
export async function planPartitions(
  from: Admin,
  to: Admin,
  plans: readonly TopicPlan[],
  state: MigrationState,
): Promise<PartitionToCopy[]> {
  const places = plans.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
  );
  const ask = async (admin: Admin, at: 'earliest' | 'latest') => {
    const isolationLevel = 'read_committed' as const;
    const found = await admin.listOffsets(
      places.map((place) => ({ ...place, at })),
      { isolationLevel },
    );
    return new Map(found.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]));
  };
  const starts = await ask(from, 'earliest');
  const ends = await ask(from, 'latest');
  const targetEnds = await ask(to, 'latest');
  return places.map(({ topic, partition }) => {
    const place = `${topic} ${partition}`;
    const targetEnd = targetEnds.get(place) ?? 0;
    if (state.partition(topic, partition) === undefined) {
      ensureEmpty(topic, partition, targetEnd);
      const source = starts.get(place) ?? 0;
      state.mark(topic, partition, { source, target: targetEnd, checksum: 0 });
    }
    const begin = state.partition(topic, partition)?.marks.at(-1) ?? {
      source: 0,
      target: 0,
      checksum: 0,
    };
    const configs = plans.find(({ name }) => name === topic)?.configs;
    return {
      topic,
      partition,
      begin,
      ahead: targetEnd - begin.target,
      until: Math.max(begin.source, ends.get(place) ?? 0),
      withTime: configs?.['message.timestamp.type'] !== 'LogAppendTime',
    };
  });
}

function ensureEmpty(topic: string, partition: number, end: number): void {
  if (end === 0) return;
  throw new KafkaError('INVALID_ARGUMENT', `The target has records of its own in ${topic}.`, {
    topic,
    partition,
    hint: 'Only an empty topic can be migrated to. Delete it there, or leave it out here.',
  });
}
