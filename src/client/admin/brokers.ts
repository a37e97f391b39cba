import type { Cluster } from '../cluster/index.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

/**
 * Takes a broker that is gone for good out of the cluster's metadata. BROKER_ID_NOT_REGISTERED
 * where there is none; a broker that runs registers itself again.
 */
export async function unregisterBroker(
  cluster: Cluster,
  brokerId: number,
  options: CallOptions,
): Promise<void> {
  await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('UnregisterBroker', { brokerId }, 'controller', { signal });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'UnregisterBroker' });
  });
}
