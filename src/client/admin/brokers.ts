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

/**
 * Takes a controller that is gone for good, and is no voter (any more), out of the cluster's
 * metadata; needs Apache Kafka 4.4. A controller that runs registers itself again.
 */
export async function unregisterController(
  cluster: Cluster,
  controllerId: number,
  options: CallOptions,
): Promise<void> {
  await retrying(cluster, options, async () => {
    const { signal } = options;
    const request = { controllerId };
    const answer = await cluster.send('UnregisterController', request, 'controller', { signal });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'UnregisterController' });
  });
}
