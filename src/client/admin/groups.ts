import { errorCodeOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Broker, Cluster } from '../cluster/index.js';
import { decodeAssignment, decodeSubscription } from '../consumer/consumer-protocol.js';
import { askCoordinator, type CallOptions, retrying, throwOn, valuesOf } from './routing.js';
import type { Outcome, PartitionOf } from './routing.js';

export interface GroupListing {
  readonly groupId: string;
  /** `consumer` for groups of consumers, `connect` …; '' for a group with offsets only. */
  readonly protocolType: string;
  /** `Stable`, `Empty`, `PreparingRebalance` …; '' where the broker does not say. */
  readonly state: string;
  /** `Classic`, `Consumer`, `Share` …; '' where the broker does not say. */
  readonly type: string;
}

export interface ListGroupsOptions extends CallOptions {
  /** Only groups in one of these states (KIP-518). */
  readonly states?: readonly string[] | undefined;
  /** Only groups of one of these types (KIP-848). */
  readonly types?: readonly string[] | undefined;
}

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  /** Topics the member wants; empty where the group's protocol is not the consumers'. */
  readonly topics: readonly string[];
  readonly assignment: readonly PartitionOf[];
}

export interface GroupDescription {
  readonly groupId: string;
  readonly state: string;
  /** `classic`, or `consumer` for the protocol of KIP-848. */
  readonly type: 'classic' | 'consumer';
  readonly protocolType: string;
  /** The assignor in use. */
  readonly protocol: string;
  readonly coordinator: Broker | undefined;
  readonly members: readonly GroupMember[];
}

/** Every broker knows the groups it coordinates: all are asked. */
export async function listGroups(
  cluster: Cluster,
  options: ListGroupsOptions,
): Promise<GroupListing[]> {
  await cluster.refresh([]);
  const states = options.states ?? [];
  const types = options.types ?? [];
  const versionMin = types.length > 0 ? 5 : states.length > 0 ? 4 : undefined;
  const asked = [...cluster.brokers().keys()].map((broker) =>
    retrying(cluster, options, async () => {
      const answer = await cluster.send(
        'ListGroups',
        (version) => ({
          ...(version >= 4 ? { statesFilter: [...states] } : {}),
          ...(version >= 5 ? { typesFilter: [...types] } : {}),
        }),
        { broker },
        { signal: options.signal, versionMin },
      );
      throwOn(answer.errorCode, undefined, { api: 'ListGroups' });
      return answer.groups;
    }),
  );
  const groups = new Map<string, GroupListing>();
  for (const list of await Promise.all(asked)) {
    for (const { groupId, protocolType, groupState, groupType } of list) {
      groups.set(groupId, { groupId, protocolType, state: groupState, type: groupType });
    }
  }
  return [...groups.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

export async function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: CallOptions,
): Promise<GroupDescription[]> {
  const outcomes = await Promise.all(
    groupIds.map((groupId) => outcome(() => describeGroup(cluster, groupId, options))),
  );
  return valuesOf('describeGroups', outcomes);
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (isKafkaError(error)) return { error };
    throw error;
  }
}

async function describeGroup(
  cluster: Cluster,
  groupId: string,
  options: CallOptions,
): Promise<GroupDescription> {
  return await askCoordinator(cluster, groupId, options, async (broker) => {
    const answer = await cluster.send(
      'DescribeGroups',
      { groups: [groupId], includeAuthorizedOperations: false },
      { broker },
      { signal: options.signal },
    );
    const group = answer.groups[0];
    const code = errorCodeOf(group?.errorCode ?? -1);
    // A group of the newer protocol is dead or unknown to the older one.
    if (group === undefined || code === 'GROUP_ID_NOT_FOUND' || group.groupState === 'Dead') {
      return await describeNewer(cluster, groupId, broker, options);
    }
    throwOn(group.errorCode, group.errorMessage, { group: groupId });
    return {
      groupId,
      state: group.groupState,
      type: 'classic' as const,
      protocolType: group.protocolType,
      protocol: group.protocolData,
      coordinator: cluster.brokers().get(broker),
      members: group.members.map((member) => memberOf(member, group.protocolType)),
    };
  });
}

type ClassicMember = ResponseDecoded<'DescribeGroups'>['groups'][number]['members'][number];

function memberOf(member: ClassicMember, protocolType: string): GroupMember {
  const { memberId, groupInstanceId, clientId, clientHost: host } = member;
  const read = <T>(bytes: Buffer, decode: (bytes: Buffer) => T, otherwise: T): T => {
    if (protocolType !== 'consumer' || bytes.length === 0) return otherwise;
    try {
      return decode(bytes);
    } catch (error) {
      // What other clients put there is theirs; a description must not fail because of it.
      if (isKafkaError(error)) return otherwise;
      throw error;
    }
  };
  const topics = read(member.memberMetadata, (bytes) => decodeSubscription(bytes).topics, []);
  const assignment = read(member.memberAssignment, decodeAssignment, []);
  return { memberId, groupInstanceId, clientId, host, topics, assignment };
}

async function describeNewer(
  cluster: Cluster,
  groupId: string,
  broker: number,
  options: CallOptions,
): Promise<GroupDescription> {
  let answer: ResponseDecoded<'ConsumerGroupDescribe'>;
  try {
    answer = await cluster.send(
      'ConsumerGroupDescribe',
      { groupIds: [groupId], includeAuthorizedOperations: false },
      { broker },
      { signal: options.signal },
    );
  } catch (error) {
    if (isKafkaError(error, 'UNSUPPORTED_VERSION')) throw unknownGroup(groupId);
    throw error;
  }
  const group = answer.groups[0];
  if (group === undefined) throw unknownGroup(groupId);
  const code = errorCodeOf(group.errorCode);
  if (code === 'GROUP_ID_NOT_FOUND') throw unknownGroup(groupId);
  throwOn(group.errorCode, group.errorMessage, { group: groupId });
  return {
    groupId,
    state: group.groupState,
    type: 'consumer',
    protocolType: 'consumer',
    protocol: group.assignorName,
    coordinator: cluster.brokers().get(broker),
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      topics: member.subscribedTopicNames,
      assignment: member.assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  };
}

function unknownGroup(group: string): KafkaError {
  return new KafkaError('GROUP_ID_NOT_FOUND', `There is no group ${group}.`, { group });
}

/** Only groups without members can be deleted; their offsets go with them. */
export async function deleteGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: CallOptions,
): Promise<void> {
  const outcomes = await Promise.all(
    groupIds.map((group) =>
      outcome(() =>
        askCoordinator(cluster, group, options, async (broker) => {
          const answer = await cluster.send(
            'DeleteGroups',
            { groupsNames: [group] },
            { broker },
            { signal: options.signal },
          );
          for (const { errorCode, errorMessage } of answer.results) {
            throwOn(errorCode, errorMessage, { group });
          }
        }),
      ),
    ),
  );
  valuesOf('deleteGroups', outcomes);
}
