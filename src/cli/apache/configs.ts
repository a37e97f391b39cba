import type { Admin, ConfigEntry } from '../../client/index.js';
import { CommandFailure, UsageError } from '../command.js';
import { withKafka } from '../connect.js';
import type { Input } from '../input.js';
import type { CliIo } from '../io.js';
import { readProperties } from '../up.js';

interface Entity {
  readonly type: 'topic' | 'broker';
  /** Undefined means all of them; '' the default of all brokers. */
  readonly name: string | undefined;
}

/** Apache's names of where a value comes from. */
const sources: Readonly<Record<ConfigEntry['source'], string>> = {
  unknown: 'UNKNOWN',
  topic: 'DYNAMIC_TOPIC_CONFIG',
  'dynamic-broker': 'DYNAMIC_BROKER_CONFIG',
  'dynamic-default-broker': 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'static-broker': 'STATIC_BROKER_CONFIG',
  default: 'DEFAULT_CONFIG',
  'dynamic-broker-logger': 'DYNAMIC_BROKER_LOGGER_CONFIG',
  'client-metrics': 'DYNAMIC_CLIENT_METRICS_CONFIG',
  group: 'DYNAMIC_GROUP_CONFIG',
};

/** `kafka-configs`, as Apache's ConfigCommand does it for topics and brokers. */
export async function kafkaConfigs(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  if (input.has('describe') === input.has('alter')) {
    throw new UsageError('Exactly one of --describe and --alter is needed.');
  }
  const entity = entityOf(input);
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    if (input.has('describe')) await describe(admin, entity, input, io);
    else await alter(admin, entity, input, io);
    return 0;
  });
}

function entityOf(input: Input): Entity {
  const topic = input.text('topic');
  if (topic !== undefined) return { type: 'topic', name: topic };
  const broker = input.text('broker');
  if (broker !== undefined) return { type: 'broker', name: broker };
  const type = input.choice('entity-type', ['topics', 'brokers']);
  if (type === undefined) throw new UsageError('--entity-type is missing.');
  const name = input.has('entity-default') ? '' : input.text('entity-name');
  return { type: type === 'topics' ? 'topic' : 'broker', name };
}

async function describe(admin: Admin, entity: Entity, input: Input, io: CliIo): Promise<void> {
  const all = input.has('all');
  for (const name of await namesOf(admin, entity)) {
    const described = await admin.describeConfigs([{ type: entity.type, name }], {
      synonyms: true,
    });
    const entries = (described[0]?.entries ?? []).filter((each) => all || isOwn(each, entity));
    const what = all ? 'All' : 'Dynamic';
    const which = name === '' ? 'Default' : what;
    const whose =
      name === '' ? `configs for brokers in the cluster` : `configs for ${entity.type} ${name}`;
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await io.stdout.write(`${which} ${whose} are:\n${sorted.map(line).join('')}`);
  }
}

/** Without `--all`, only what was set on this very thing. */
function isOwn({ source }: ConfigEntry, { type, name }: Entity): boolean {
  if (type === 'topic') return source === 'topic';
  return source === (name === '' ? 'dynamic-default-broker' : 'dynamic-broker');
}

function line({ name, value, sensitive, synonyms }: ConfigEntry): string {
  const list = synonyms.map((each) => `${sources[each.source]}:${each.name}=${each.value}`);
  return `  ${name}=${value} sensitive=${sensitive} synonyms={${list.join(', ')}}\n`;
}

async function namesOf(admin: Admin, { type, name }: Entity): Promise<string[]> {
  if (type === 'broker') {
    if (name !== undefined) return [name];
    return (await admin.describeCluster()).brokers.map(({ id }) => String(id));
  }
  const topics = (await admin.listTopics({ internal: true })).map((topic) => topic.name);
  if (name === undefined) return topics;
  if (topics.includes(name)) return [name];
  throw new CommandFailure(`The topic '${name}' doesn't exist and doesn't have dynamic config.`);
}

async function alter(admin: Admin, entity: Entity, input: Input, io: CliIo): Promise<void> {
  const { type, name } = entity;
  if (name === undefined) throw new UsageError('--entity-name is missing.');
  const file = input.text('add-config-file');
  const set = new Map(file === undefined ? [] : readProperties(file, io));
  for (const [key, value] of parseAdded(input.text('add-config') ?? '')) set.set(key, value);
  const remove = (input.text('delete-config') ?? '').split(',').filter((each) => each !== '');
  if (set.size + remove.length === 0) {
    throw new UsageError(
      'Nothing to do.',
      'Give --add-config, --add-config-file or --delete-config.',
    );
  }
  await admin.alterConfigs([{ type, name, set: Object.fromEntries(set), delete: remove }]);
  const whose =
    name === '' ? 'default config for brokers in the cluster' : `config for ${type} ${name}`;
  await io.stdout.write(`Completed updating ${whose}.\n`);
}

/** Reads `a=1,b=[x,y]`: brackets hold a list together. */
function parseAdded(text: string): [string, string][] {
  const pairs = text.match(/[^,=]+=(?:\[[^\]]*\]|[^,]*)/g) ?? [];
  if (pairs.join(',') !== text)
    throw new UsageError(`--add-config wants K=V,K=[V,V], not "${text}".`);
  return pairs.map((pair) => {
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1).trim();
    return [pair.slice(0, at).trim(), value.replace(/^\[(.*)\]$/, '$1')];
  });
}
