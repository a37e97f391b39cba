import { ClassicGroup } from './classic-group.js';
import { ClassicMember } from './classic-member.js';
import type { ClassicGroupRecord, StoredClassicGroup } from './group-records.js';

/** What a member record costs beside its texts and bytes, at most. */
const memberOverhead = 64;

/** The record that says how a classic group stands; without members it keeps its generation. */
export function recordOf(group: ClassicGroup): ClassicGroupRecord {
  const members = Array.from(group.members(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: member.metadataFor(group.protocolName),
    assignment: member.assignment,
  }));
  return {
    kind: 'classic-group',
    groupId: group.groupId,
    value: {
      protocolType: group.protocolType ?? '',
      generation: group.generationId,
      protocol: members.length > 0 ? group.protocolName : null,
      leader: members.length > 0 ? group.leaderId : null,
      currentStateTimestamp: group.stateSince ?? -1,
      members,
    },
  };
}

/** About how many bytes `recordOf(group)` will take, with assignments of so many bytes. */
export function recordBytes(group: ClassicGroup, assignmentBytes: number): number {
  let bytes = assignmentBytes + memberOverhead;
  for (const member of group.members()) {
    const texts = member.memberId.length + member.clientId.length + member.clientHost.length;
    const instance = member.groupInstanceId?.length ?? 0;
    const subscription = member.metadataFor(group.protocolName).length;
    // A character takes at most three bytes of UTF-8 for each of its UTF-16 units.
    bytes += memberOverhead + subscription + 3 * (texts + instance);
  }
  return bytes;
}

/** The group a record describes: Stable with its members, or Empty. */
export function groupOf(groupId: string, stored: StoredClassicGroup): ClassicGroup {
  const since = stored.currentStateTimestamp < 0 ? null : stored.currentStateTimestamp;
  const group = new ClassicGroup(groupId, since);
  for (const facts of stored.members) {
    const member = new ClassicMember({
      memberId: facts.memberId,
      groupInstanceId: facts.groupInstanceId,
      clientId: facts.clientId,
      clientHost: facts.clientHost,
      sessionTimeoutMs: facts.sessionTimeout,
      rebalanceTimeoutMs:
        facts.rebalanceTimeout < 0 ? facts.sessionTimeout : facts.rebalanceTimeout,
      protocolType: stored.protocolType,
      protocols: [{ name: stored.protocol ?? '', metadata: facts.subscription }],
    });
    member.assignment = facts.assignment;
    group.add(member);
  }
  group.protocolType = stored.protocolType === '' ? null : stored.protocolType;
  group.protocolName = stored.protocol;
  group.leaderId = stored.members.length > 0 ? stored.leader : null;
  group.generationId = stored.generation;
  if (stored.members.length > 0) group.transitionTo('Stable', since);
  group.refreshSubscribedTopics();
  return group;
}
