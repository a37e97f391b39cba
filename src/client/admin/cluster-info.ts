import { isKafkaError } from '../../errors/index.js';
import { type ApiName, apis } from '../../protocol/index.js';
import type { Broker, Cluster } from '../cluster/index.js';
import { type AclOperation, allowedOperations } from './acl-words.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** A broker that takes controller requests; in KRaft any does. Of controllers the active one. */
  readonly controllerId: number;
  /** The controllers, where they are asked themselves (`bootstrapControllers`). */
  readonly brokers: readonly BrokerDescription[];
  /** What the asking principal may do with the cluster (KIP-430); null unless asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null;
}

export interface BrokerDescription extends Broker {
  /** Registered, but not (or no longer) in service; see `includeFencedBrokers`. */
  readonly fenced: boolean;
}

export interface DescribeClusterOptions extends CallOptions {
  /** Default false. */
  readonly authorizedOperations?: boolean | undefined;
  /** Name brokers that are registered and not in service, too (KIP-1073). Default false. */
  readonly includeFencedBrokers?: boolean | undefined;
}

export interface ApiVersionRange {
  readonly key: number;
  /** Kafka's name, or null for an API this client does not know. */
  readonly name: ApiName | null;
  readonly min: number;
  readonly max: number;
}

export async function describeCluster(
  cluster: Cluster,
  options: DescribeClusterOptions,
): Promise<ClusterDescription> {
  const includeClusterAuthorizedOperations = options.authorizedOperations ?? false;
  const includesFenced = options.includeFencedBrokers ?? false;
  const { isOfControllers } = cluster;
  const versionMin = includesFenced ? 2 : isOfControllers ? 1 : undefined;
  return await retrying(cluster, options, async () => {
    try {
      const answer = await cluster.send(
        'DescribeCluster',
        {
          includeClusterAuthorizedOperations,
          ...(includesFenced ? { includeFencedBrokers: true } : {}),
          ...(isOfControllers ? { endpointType: 2 } : {}),
        },
        'any',
        { signal: options.signal, versionMin },
      );
      throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeCluster' });
      const brokers = answer.brokers.map(({ brokerId: id, host, port, rack, isFenced: fenced }) => {
        return { id, host, port, rack, fenced };
      });
      const { clusterId, controllerId } = answer;
      const authorizedOperations = allowedOperations(answer.clusterAuthorizedOperations);
      brokers.sort((a, b) => a.id - b.id);
      return { clusterId, controllerId, brokers, authorizedOperations };
    } catch (error) {
      const mustBe = versionMin !== undefined;
      if (mustBe || !isKafkaError(error, 'UNSUPPORTED_VERSION')) throw error;
      const { clusterId, controllerId, brokers } = await cluster.refresh([]);
      const all = [...brokers.values()].map((broker) => ({ ...broker, fenced: false }));
      return { clusterId, controllerId, brokers: all, authorizedOperations: null };
    }
  });
}

/** Asks one broker, or whichever answers first. */
async function anyBroker(
  cluster: Cluster,
  broker: number | undefined,
  options: CallOptions,
): Promise<number> {
  if (broker !== undefined) {
    await cluster.refresh([], { signal: options.signal });
    return broker;
  }
  const { brokers } = await cluster.refresh([], { signal: options.signal });
  const [first] = brokers.keys();
  return first ?? -1;
}

export async function apiVersions(
  cluster: Cluster,
  broker: number | undefined,
  options: CallOptions,
): Promise<ApiVersionRange[]> {
  const asked = await anyBroker(cluster, broker, options);
  const { ranges } = await cluster.connection(asked, undefined, options.signal);
  const names = new Map<number, ApiName>();
  for (const { key, name } of Object.values(apis)) names.set(key, name);
  return [...ranges.all()]
    .map(([key, [min, max]]) => ({ key, name: names.get(key) ?? null, min, max }))
    .sort((a, b) => a.key - b.key);
}
