import { isKafkaError, KafkaError } from '../../../errors/index.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
} from '../../../protocol/internal/index.js';
import { ClassicGroup, consumerProtocolType } from './classic-group.js';
import { ClassicMember } from './classic-member.js';
import { type Assignment, ascending } from './consumer/assignment.js';
import type { ConsumerGroup } from './consumer/consumer-group.js';
import { type ConsumerMember, type MemberFacts, memberState } from './consumer/consumer-member.js';
import type { ConsumerGroupRecord } from './consumer/consumer-records.js';
import type { TopicCatalog } from './consumer/topic-catalog.js';

/** What is written of a member beside its texts and bytes, at most; four records each. */
const memberOverhead = 512;
/** Bytes that the records of an upgrade may take: all of them must fit one batch. */
const upgradeBytesMax = 500_000;
/** The newest version of an assignment's bytes. */
const assignmentVersionMax = 3;

/** A member of a classic group as it is to be in the consumer group. */
interface Upgraded {
  readonly memberId: string;
  readonly facts: MemberFacts;
  readonly assignment: Assignment;
}

/**
 * Everything a consumer group begins with that was a classic group until now (Kafka's
 * `ConsumerGroup.fromClassicGroup`): the generation becomes the epoch of all three kinds, and
 * everybody owns what the last generation gave it. Fails with GROUP_ID_NOT_FOUND where the
 * classic group cannot be read, or would lose something.
 */
export function upgradeRecords(
  group: ClassicGroup,
  catalog: TopicCatalog,
  hashOf: (topics: Iterable<string>) => bigint,
): ConsumerGroupRecord[] {
  const { groupId, generationId: epoch } = group;
  const protocol = group.protocolName ?? group.selectProtocol();
  const members = Array.from(group.members(), (member) =>
    upgraded(group, member, protocol, catalog),
  );
  checkSize(group);
  const topics = new Set(members.flatMap(({ facts }) => facts.topicNames));
  return [
    ...members.map(({ memberId, facts }) => ({
      kind: 'consumer-member' as const,
      groupId,
      memberId,
      value: facts,
    })),
    { kind: 'consumer-group', groupId, value: { epoch, metadataHash: hashOf(topics) } },
    ...members.map(({ memberId, assignment }) => ({
      kind: 'consumer-target' as const,
      groupId,
      memberId,
      value: assignment,
    })),
    { kind: 'consumer-target-epoch', groupId, value: { epoch, timestamp: 0 } },
    ...members.map(({ memberId, assignment }) => ({
      kind: 'consumer-progress' as const,
      groupId,
      memberId,
      value: {
        epoch,
        previousEpoch: epoch,
        state: memberState.stable,
        assigned: atEpoch(assignment, epoch),
        revoking: new Map(),
      },
    })),
  ];
}

function upgraded(
  group: ClassicGroup,
  member: ClassicMember,
  protocol: string | null,
  catalog: TopicCatalog,
): Upgraded {
  try {
    const own = member.protocols.find(({ name }) => name === protocol) ?? member.protocols[0];
    const subscription = decodeSubscription(own?.metadata ?? Buffer.alloc(0));
    const assignment = decodeAssignment(member.assignment);
    if ((assignment.userData?.length ?? 0) > 0) throw customAssignor(group);
    return {
      memberId: member.memberId,
      assignment: byTopicId(assignment.assignedPartitions, catalog),
      facts: {
        instanceId: member.groupInstanceId,
        rackId: subscription.rackId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        topicNames: [...new Set(subscription.topics)].sort(),
        topicRegex: '',
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        serverAssignor: null,
        classic: {
          sessionTimeoutMs: member.sessionTimeoutMs,
          supportedProtocols: member.protocols,
        },
      },
    };
  } catch (error) {
    if (isKafkaError(error, 'MALFORMED_MESSAGE')) throw malformed(group);
    throw error;
  }
}

function checkSize(group: ClassicGroup): void {
  let bytes = 0;
  for (const { assignment, protocols } of group.members()) {
    bytes += memberOverhead + 2 * assignment.length;
    for (const { metadata } of protocols) bytes += metadata.length;
  }
  if (bytes > upgradeBytesMax) throw cannotUpgrade(group, 'its members do not fit one batch');
}

/** Why a classic group with members stays one, apart from what its members are. */
export function upgradeRefusal(
  group: ClassicGroup,
  isEnabled: boolean,
  sizeMax: number,
): KafkaError | undefined {
  if (!isEnabled) return cannotUpgrade(group, 'online upgrade is disabled');
  if (group.protocolType !== consumerProtocolType) {
    return cannotUpgrade(group, 'the group does not use the consumer embedded protocol');
  }
  if (group.size <= sizeMax) return undefined;
  return cannotUpgrade(group, 'the group size exceeds the consumer group maximum size');
}

function cannotUpgrade({ groupId }: ClassicGroup, why: string): KafkaError {
  return new KafkaError(
    'GROUP_ID_NOT_FOUND',
    `Cannot upgrade classic group ${groupId} to consumer group because ${why}.`,
  );
}

function malformed(group: ClassicGroup): KafkaError {
  return cannotUpgrade(group, 'the embedded consumer protocol is malformed');
}

/** Its assignments carry something that only its leader understands, which would be lost. */
function customAssignor(group: ClassicGroup): KafkaError {
  return cannotUpgrade(
    group,
    'an unsupported custom assignor is in use. Please refer to the documentation or switch to a ' +
      'default assignor before re-attempting the upgrade',
  );
}

/**
 * The classic group that a consumer group becomes when nobody is left in it who speaks the newer
 * protocol (Kafka's `ClassicGroup.fromConsumerGroup`): Stable, the group epoch its generation,
 * and everybody assigned what the last target says.
 */
export function downgraded(
  group: ConsumerGroup,
  leaving: ReadonlySet<string>,
  catalog: TopicCatalog,
  now: number,
): ClassicGroup {
  const classic = new ClassicGroup(group.groupId, now);
  for (const member of group.members()) {
    if (!leaving.has(member.memberId)) classic.add(classicMemberOf(member));
  }
  classic.protocolName = classic.selectProtocol();
  for (const member of classic.members()) {
    const version = assignmentVersionOf(member.metadataFor(classic.protocolName));
    member.assignment = encodeAssignment(version, {
      assignedPartitions: byTopicName(group.target(member.memberId), catalog),
    });
  }
  classic.generationId = group.epoch;
  classic.transitionTo('Stable', now);
  classic.refreshSubscribedTopics();
  return classic;
}

function classicMemberOf(member: ConsumerMember): ClassicMember {
  const { memberId, instanceId, clientId, clientHost, classic } = member;
  return new ClassicMember({
    memberId,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs: classic?.sessionTimeoutMs ?? 0,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    protocolType: consumerProtocolType,
    protocols: classic?.supportedProtocols ?? [],
  });
}

/** A member is told its assignment in the version in which it has subscribed. */
export function assignmentVersionOf(subscription: Buffer | undefined): number {
  const version =
    subscription === undefined || subscription.length < 2 ? 0 : subscription.readInt16BE(0);
  return Math.max(0, Math.min(version, assignmentVersionMax));
}

/** What a classic member says or is told, by topic name, as the group knows it: by topic id. */
export function byTopicId(
  partitions: Iterable<{ readonly topic: string; readonly partitions: readonly number[] }>,
  catalog: TopicCatalog,
): Assignment {
  const byId = new Map<string, number[]>();
  for (const { topic, partitions: indexes } of partitions) {
    const id = catalog.byName(topic)?.id;
    if (id !== undefined && indexes.length > 0) byId.set(id, ascending(indexes));
  }
  return byId;
}

export function byTopicName(
  assignment: Assignment,
  catalog: TopicCatalog,
): { topic: string; partitions: number[] }[] {
  return Array.from(assignment).flatMap(([topicId, partitions]) => {
    const topic = catalog.byId(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...partitions] }];
  });
}

function atEpoch(assignment: Assignment, epoch: number): Map<string, Map<number, number>> {
  return new Map(
    Array.from(assignment, ([topicId, partitions]) => [
      topicId,
      new Map(partitions.map((partition) => [partition, epoch])),
    ]),
  );
}
