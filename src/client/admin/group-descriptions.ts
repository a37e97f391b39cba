import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Broker, Cluster } from '../cluster/index.js';
import { decodeAssignment, decodeSubscription } from '../consumer/consumer-protocol.js';
import { type AclOperation, allowedOperations } from './acl-words.js';
import { askCoordinator, type CallOptions, outcomeFor, throwOn, valuesOf } from './routing.js';
import type { PartitionOf } from './routing.js';
import { type StreamsMember, streamsDescription, type StreamsTopology } from './streams-groups.js';

export interface DescribeGroupsOptions extends CallOptions {
  /** Ask what the asking principal may do with each group (KIP-430). Default false. */
  readonly authorizedOperations?: boolean | undefined;
}

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  /** Null where the protocol does not tell it (KIP-1227). */
  readonly rackId: string | null;
  /** Null in classic groups. */
  readonly memberEpoch: number | null;
  /** Topics the member wants; empty where the group's protocol is not the consumers'. */
  readonly topics: readonly string[];
  /** The RE2 expression the member subscribes to besides; null where there is none. */
  readonly topicPattern: string | null;
  readonly assignment: readonly PartitionOf[];
  /** What it shall have in the end; null where the protocol does not tell it. */
  readonly targetAssignment: readonly PartitionOf[] | null;
  /** Which protocol it speaks, where members of both may be in a group (KIP-1099). */
  readonly protocol: 'classic' | 'consumer' | null;
  /** Its tasks; only in streams groups. */
  readonly streams: StreamsMember | null;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly state: string;
  /** `consumer`: KIP-848, `share`: KIP-932, `streams`: KIP-1071. */
  readonly type: 'classic' | 'consumer' | 'share' | 'streams';
  readonly protocolType: string;
  /** The assignor in use. */
  readonly protocol: string;
  readonly coordinator: Broker | undefined;
  /** Null in classic groups. */
  readonly groupEpoch: number | null;
  readonly assignmentEpoch: number | null;
  /** Null unless asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null;
  readonly members: readonly GroupMember[];
  /** Only of streams groups. */
  readonly topology: StreamsTopology | null;
}

export async function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<GroupDescription[]> {
  const outcomes = groupIds.map((group) =>
    outcomeFor({ group }, () =>
      askCoordinator(cluster, group, options, async (broker) => {
        const place = { cluster, broker, options };
        // A group is unknown to the protocols that are not its own.
        for (const ask of [askClassic, askConsumer, askShare, askStreams]) {
          const found = await unlessUnknown(() => ask(place, group));
          if (found !== undefined) return found;
        }
        throw new KafkaError('GROUP_ID_NOT_FOUND', `There is no group ${group}.`, { group });
      }),
    ),
  );
  return valuesOf('describeGroups', await Promise.all(outcomes));
}

interface Place {
  readonly cluster: Cluster;
  readonly broker: number;
  readonly options: DescribeGroupsOptions;
}

async function unlessUnknown<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isUnknown =
      isKafkaError(error, 'GROUP_ID_NOT_FOUND') || isKafkaError(error, 'UNSUPPORTED_VERSION');
    if (isUnknown) return undefined;
    throw error;
  }
}

async function askClassic(place: Place, groupId: string): Promise<GroupDescription | undefined> {
  const { cluster, broker, options } = place;
  const includeAuthorizedOperations = options.authorizedOperations ?? false;
  const answer = await cluster.send(
    'DescribeGroups',
    (version) => ({
      groups: [groupId],
      ...(version >= 3 ? { includeAuthorizedOperations } : {}),
    }),
    { broker },
    { signal: options.signal, ...(includeAuthorizedOperations ? { versionMin: 3 } : {}) },
  );
  const group = answer.groups[0];
  if (group === undefined) return undefined;
  throwOn(group.errorCode, group.errorMessage, { group: groupId });
  if (group.groupState === 'Dead') return undefined;
  return {
    groupId,
    state: group.groupState,
    type: 'classic',
    protocolType: group.protocolType,
    protocol: group.protocolData,
    coordinator: cluster.brokers().get(broker),
    groupEpoch: null,
    assignmentEpoch: null,
    authorizedOperations: allowedOperations(group.authorizedOperations),
    members: group.members.map((member) => classicMember(member, group.protocolType)),
    topology: null,
  };
}

type ClassicMember = ResponseDecoded<'DescribeGroups'>['groups'][number]['members'][number];

function classicMember(member: ClassicMember, protocolType: string): GroupMember {
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
  return {
    ...{ memberId, groupInstanceId, clientId, host, rackId: null, memberEpoch: null },
    ...{ topics, topicPattern: null, assignment, targetAssignment: null },
    ...{ protocol: 'classic', streams: null },
  };
}

interface Assignment {
  readonly topicPartitions: readonly {
    readonly topicName: string;
    readonly partitions: readonly number[];
  }[];
}

function partitionsOf({ topicPartitions }: Assignment): PartitionOf[] {
  return topicPartitions.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

async function askConsumer(place: Place, groupId: string): Promise<GroupDescription | undefined> {
  const { cluster, broker, options } = place;
  const answer = await cluster.send(
    'ConsumerGroupDescribe',
    { groupIds: [groupId], includeAuthorizedOperations: options.authorizedOperations ?? false },
    { broker },
    { signal: options.signal },
  );
  const group = answer.groups[0];
  if (group === undefined) return undefined;
  throwOn(group.errorCode, group.errorMessage, { group: groupId });
  return {
    ...commonOf(place, group),
    type: 'consumer',
    protocolType: 'consumer',
    members: group.members.map(
      (member): GroupMember => ({
        memberId: member.memberId,
        groupInstanceId: member.instanceId,
        clientId: member.clientId,
        host: member.clientHost,
        rackId: member.rackId,
        memberEpoch: member.memberEpoch,
        topics: member.subscribedTopicNames,
        topicPattern: member.subscribedTopicRegex === '' ? null : member.subscribedTopicRegex,
        assignment: partitionsOf(member.assignment),
        targetAssignment: partitionsOf(member.targetAssignment),
        protocol: memberProtocols[member.memberType] ?? null,
        streams: null,
      }),
    ),
    topology: null,
  };
}

const memberProtocols: readonly ('classic' | 'consumer')[] = ['classic', 'consumer'];

async function askShare(place: Place, groupId: string): Promise<GroupDescription | undefined> {
  const { cluster, broker, options } = place;
  const answer = await cluster.send(
    'ShareGroupDescribe',
    { groupIds: [groupId], includeAuthorizedOperations: options.authorizedOperations ?? false },
    { broker },
    { signal: options.signal },
  );
  const group = answer.groups[0];
  if (group === undefined) return undefined;
  throwOn(group.errorCode, group.errorMessage, { group: groupId });
  return {
    ...commonOf(place, group),
    type: 'share',
    protocolType: 'share',
    members: group.members.map(
      (member): GroupMember => ({
        memberId: member.memberId,
        groupInstanceId: null,
        clientId: member.clientId,
        host: member.clientHost,
        rackId: member.rackId,
        memberEpoch: member.memberEpoch,
        topics: member.subscribedTopicNames,
        topicPattern: null,
        assignment: partitionsOf(member.assignment),
        targetAssignment: null,
        protocol: null,
        streams: null,
      }),
    ),
    topology: null,
  };
}

async function askStreams(place: Place, groupId: string): Promise<GroupDescription | undefined> {
  const { cluster, broker, options } = place;
  const answer = await cluster.send(
    'StreamsGroupDescribe',
    { groupIds: [groupId], includeAuthorizedOperations: options.authorizedOperations ?? false },
    { broker },
    { signal: options.signal },
  );
  const group = answer.groups[0];
  if (group === undefined) return undefined;
  throwOn(group.errorCode, group.errorMessage, { group: groupId });
  const assignorName = group.assignorName ?? '';
  return {
    ...commonOf(place, { ...group, assignorName }),
    type: 'streams',
    protocolType: 'streams',
    ...streamsDescription(group),
  };
}

function commonOf(
  { cluster, broker }: Place,
  group: {
    readonly groupId: string;
    readonly groupState: string;
    readonly groupEpoch: number;
    readonly assignmentEpoch: number;
    readonly assignorName: string;
    readonly authorizedOperations: number;
  },
) {
  return {
    groupId: group.groupId,
    state: group.groupState,
    protocol: group.assignorName,
    coordinator: cluster.brokers().get(broker),
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    authorizedOperations: allowedOperations(group.authorizedOperations),
  };
}
