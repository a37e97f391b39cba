import { KafkaError } from '../../errors/index.js';
import type { Cluster, Destination } from '../cluster/index.js';
import { outcomeOf, retrying, valuesOf } from './routing.js';
import type { CallOptions, Outcome } from './routing.js';
import type { ValidateOptions } from './topics.js';

/** What can have configs, by Kafka's numbers. */
const resourceTypes = {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
} as const;

const sources = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
  'dynamic-broker-logger',
  'client-metrics',
  'group',
] as const;

const types = [
  'unknown',
  'boolean',
  'string',
  'int',
  'short',
  'long',
  'double',
  'list',
  'class',
  'password',
] as const;

export type ConfigResourceType = keyof typeof resourceTypes;
export type ConfigSource = (typeof sources)[number];
export type ConfigType = (typeof types)[number];

/** A thing that has configs. A broker is named by its id; '' means the default of all brokers. */
export interface ConfigResource {
  readonly type: ConfigResourceType;
  readonly name: string;
}

export interface ConfigQuery extends ConfigResource {
  /** Only these configs; default all. */
  readonly keys?: readonly string[] | undefined;
}

export interface DescribeConfigsOptions extends CallOptions {
  /** Say where each value would come from otherwise. Default false. */
  readonly synonyms?: boolean | undefined;
  /** Ask for the broker's own documentation of each config. Default false. */
  readonly documentation?: boolean | undefined;
}

export interface ConfigEntry {
  readonly name: string;
  /** null for a secret, or where there is no value. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly isDefault: boolean;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly type: ConfigType;
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: ConfigSource;
  }[];
  readonly documentation: string | null;
}

export interface ResourceConfigs extends ConfigResource {
  readonly entries: readonly ConfigEntry[];
}

type Values = Readonly<Record<string, string | number | boolean>>;

/** Changes to the configs of one thing; what is not named stays as it is (KIP-339). */
export interface ConfigChange extends ConfigResource {
  readonly set?: Values | undefined;
  /** Back to the default. */
  readonly delete?: readonly string[] | undefined;
  /** Adds elements to a config that is a list. */
  readonly append?: Values | undefined;
  /** Takes elements out of a config that is a list. */
  readonly subtract?: Values | undefined;
}

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export async function describeConfigs(
  cluster: Cluster,
  resources: readonly ConfigQuery[],
  options: DescribeConfigsOptions,
): Promise<ResourceConfigs[]> {
  const answers = await eachPlace(cluster, resources, options, async (group, to) => {
    const answer = await cluster.send(
      'DescribeConfigs',
      (version) => ({
        resources: group.map(({ type, name, keys }) => ({
          resourceType: numberOf(type),
          resourceName: name,
          configurationKeys: keys === undefined ? null : [...keys],
        })),
        includeSynonyms: options.synonyms ?? false,
        ...(version >= 3 ? { includeDocumentation: options.documentation ?? false } : {}),
      }),
      to,
      options,
    );
    return answer.results.map(
      ({ errorCode, errorMessage, resourceType, resourceName, configs }) => {
        const type = typeOf(resourceType);
        const about = type === 'topic' ? { topic: resourceName } : {};
        return outcomeOf(errorCode, errorMessage, about, () => ({
          type,
          name: resourceName,
          entries: configs.map((config): ConfigEntry => {
            const source = sources[config.configSource] ?? 'unknown';
            return {
              name: config.name,
              value: config.value,
              source,
              isDefault: source === 'default',
              readOnly: config.readOnly,
              sensitive: config.isSensitive,
              type: types[config.configType] ?? 'unknown',
              synonyms: config.synonyms.map((one) => ({
                name: one.name,
                value: one.value,
                source: sources[one.source] ?? 'unknown',
              })),
              documentation: config.documentation,
            };
          }),
        }));
      },
    );
  });
  const found = valuesOf('describeConfigs', answers);
  return resources.map(({ type, name }) => {
    const one = found.find((other) => other.type === type && other.name === name);
    if (one !== undefined) return one;
    throw new KafkaError('RESOURCE_NOT_FOUND', `The broker did not answer about ${type} ${name}.`);
  });
}

export async function alterConfigs(
  cluster: Cluster,
  changes: readonly ConfigChange[],
  options: ValidateOptions,
): Promise<void> {
  const answers = await eachPlace(cluster, changes, options, async (group, to) => {
    const answer = await cluster.send(
      'IncrementalAlterConfigs',
      {
        resources: group.map((change) => ({
          resourceType: numberOf(change.type),
          resourceName: change.name,
          configs: configsOf(change),
        })),
        validateOnly: options.validateOnly ?? false,
      },
      to,
      options,
    );
    return answer.responses.map(({ errorCode, errorMessage, resourceType, resourceName }) => {
      const about = typeOf(resourceType) === 'topic' ? { topic: resourceName } : {};
      return outcomeOf(errorCode, errorMessage, about, () => resourceName);
    });
  });
  valuesOf('alterConfigs', answers);
}

function configsOf(
  change: ConfigChange,
): { name: string; configOperation: number; value: string | null }[] {
  const list = (operation: 'set' | 'append' | 'subtract') =>
    Object.entries(change[operation] ?? {}).map(([name, value]) => ({
      name,
      configOperation: operations[operation],
      value: String(value),
    }));
  const deleted = (change.delete ?? []).map((name) => ({
    name,
    configOperation: operations.delete,
    value: null,
  }));
  return [...list('set'), ...deleted, ...list('append'), ...list('subtract')];
}

/** A broker must be asked itself about its own configs; about the rest, any broker can be. */
async function eachPlace<R extends ConfigResource, T>(
  cluster: Cluster,
  resources: readonly R[],
  options: CallOptions,
  ask: (group: readonly R[], to: Destination) => Promise<readonly Outcome<T>[]>,
): Promise<Outcome<T>[]> {
  const anywhere: R[] = [];
  const places: { readonly group: R[]; readonly to: Destination }[] = [];
  for (const resource of resources) {
    const { type, name } = resource;
    const isOfBroker = (type === 'broker' || type === 'broker-logger') && name !== '';
    if (isOfBroker) places.push({ group: [resource], to: { broker: brokerId(name) } });
    else anywhere.push(resource);
  }
  if (anywhere.length > 0) places.push({ group: anywhere, to: 'any' });
  if (places.some(({ to }) => to !== 'any')) await cluster.refresh([]);
  const answers = await Promise.all(
    places.map(({ group, to }) => retrying(cluster, options, () => ask(group, to))),
  );
  return answers.flat();
}

function brokerId(name: string): number {
  const id = Number(name);
  if (Number.isInteger(id) && id >= 0) return id;
  throw new KafkaError('INVALID_ARGUMENT', `A broker is named by its id, not '${name}'.`);
}

export function numberOf(type: ConfigResourceType): number {
  const number = resourceTypes[type] as number | undefined;
  if (number !== undefined) return number;
  const known = Object.keys(resourceTypes).join(', ');
  throw new KafkaError('INVALID_ARGUMENT', `'${type}' has no configs; ${known} have.`);
}

export function typeOf(number: number): ConfigResourceType {
  const found = Object.entries(resourceTypes).find(([, value]) => value === number);
  return (found?.[0] ?? 'topic') as ConfigResourceType;
}
