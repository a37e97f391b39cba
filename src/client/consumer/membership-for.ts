import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { ClassicMembership } from './classic-membership.js';
import { ConsumerMembership } from './consumer-membership.js';
import type { ConsumerSettings } from './consumer-settings.js';
import type { Membership, MembershipHost } from './membership.js';
import { StandaloneMembership } from './standalone-membership.js';

/** How a consumer of these settings comes to its partitions. */
export function membershipFor<K, V>(
  cluster: Cluster,
  settings: ConsumerSettings<K, V>,
  host: MembershipHost,
): Membership {
  const { groupId, groupProtocol, topics, topicPattern, assign, metadataMaxAgeMs } = settings;
  if (groupId !== undefined && groupProtocol === 'consumer' && assign === undefined) {
    const wanted = topicPattern ?? topics;
    if (wanted === undefined || wanted instanceof RegExp) throw new KafkaError('INVALID_ARGUMENT');
    return new ConsumerMembership(cluster, { ...settings, groupId, topics: wanted }, host);
  }
  if (groupId !== undefined && topics !== undefined) {
    return new ClassicMembership(cluster, { ...settings, groupId, topics }, host);
  }
  const wanted = assign ?? { topics: topics ?? [] };
  return new StandaloneMembership(cluster, wanted, metadataMaxAgeMs, host);
}
