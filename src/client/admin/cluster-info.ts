import { isKafkaError } from '../../errors/index.js';
import { type ApiName, apis } from '../../protocol/index.js';
import type { Broker, Cluster } from '../cluster/index.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** A broker that takes controller requests; in KRaft any does. */
  readonly controllerId: number;
  readonly brokers: readonly Broker[];
}

export interface Features {
  /** Levels that the whole cluster has switched on, such as `transaction.version`. */
  readonly finalized: ReadonlyMap<string, number>;
  /** Levels that the broker asked could serve. */
  readonly supported: ReadonlyMap<string, readonly [min: number, max: number]>;
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
  options: CallOptions,
): Promise<ClusterDescription> {
  return await retrying(cluster, options, async () => {
    try {
      const answer = await cluster.send(
        'DescribeCluster',
        { includeClusterAuthorizedOperations: false },
        'any',
        { signal: options.signal },
      );
      throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeCluster' });
      const brokers = answer.brokers.map(({ brokerId: id, host, port, rack }) => {
        return { id, host, port, rack };
      });
      const { clusterId, controllerId } = answer;
      return { clusterId, controllerId, brokers: brokers.sort((a, b) => a.id - b.id) };
    } catch (error) {
      if (!isKafkaError(error, 'UNSUPPORTED_VERSION')) throw error;
      const { clusterId, controllerId, brokers } = await cluster.refresh([]);
      return { clusterId, controllerId, brokers: [...brokers.values()] };
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

export async function describeFeatures(cluster: Cluster, options: CallOptions): Promise<Features> {
  const broker = await anyBroker(cluster, undefined, options);
  const { ranges } = await cluster.connection(broker, undefined, options.signal);
  return { finalized: ranges.finalizedFeatures, supported: ranges.supportedFeatures };
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
