import type { Cluster } from '../cluster/index.js';
import { type ConfigResource, type ConfigResourceType, numberOf, typeOf } from './configs.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

export interface ListConfigResourcesOptions extends CallOptions {
  /** Only resources of these types; default all. */
  readonly types?: readonly ConfigResourceType[] | undefined;
}

/**
 * Things that can have configs, or have some: topics, brokers, and the groups and client metrics
 * subscriptions that were given any (KIP-1142; KIP-1000 for client metrics alone).
 */
export async function listConfigResources(
  cluster: Cluster,
  options: ListConfigResourcesOptions,
): Promise<ConfigResource[]> {
  const types = (options.types ?? []).map(numberOf);
  const onlyMetrics = types.length === 1 && types[0] === numberOf('client-metrics');
  return await retrying(cluster, options, async () => {
    const answer = await cluster.send(
      'ListConfigResources',
      (version) => (version >= 1 ? { resourceTypes: types } : {}),
      'any',
      // The first version knows of nothing else.
      { signal: options.signal, versionMin: onlyMetrics ? 0 : 1 },
    );
    throwOn(answer.errorCode, undefined, { api: 'ListConfigResources' });
    return answer.configResources
      .map(({ resourceName: name, resourceType }) => ({ type: typeOf(resourceType), name }))
      .sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
  });
}
