import { KafkaError } from '../../../../errors/index.js';
import { isTooLong } from '../joining.js';
import type { ShareGroup } from './share-group.js';
import { joiningEpoch, leavingEpoch, newShareMember, type ShareMember } from './share-member.js';
import type { ShareHeartbeat } from './share-messages.js';

/** Fails with what is wrong about a request, whatever the state of its group. */
export function checkHeartbeat(request: ShareHeartbeat): void {
  const { groupId, memberId, memberEpoch, rackId, subscribedTopicNames: names } = request;
  expectText(memberId, 'MemberId');
  expectText(groupId, 'GroupId');
  expectText(rackId, 'RackId');
  for (const name of names ?? []) {
    if (isTooLong(name)) throw invalid('SubscribedTopicNames is too long.');
  }
  if (memberEpoch < leavingEpoch) throw invalid('MemberEpoch is invalid.');
  if (memberEpoch === joiningEpoch && (names === null || names.length === 0)) {
    throw invalid('SubscribedTopicNames must be set in first request.');
  }
}

function expectText(text: string | null, name: string): void {
  if (text === null) return;
  if (text.trim() === '') throw invalid(`${name} can't be empty.`);
  if (isTooLong(text)) throw invalid(`${name} is too long.`);
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_REQUEST', message);
}

/** The member that speaks, as it was until now; a new one if it joins. */
export function admitted(
  group: ShareGroup,
  { memberId, memberEpoch }: ShareHeartbeat,
): ShareMember {
  const member = group.member(memberId);
  if (member === undefined) {
    if (memberEpoch === joiningEpoch) return newShareMember(memberId);
    throw unknownMember(group.groupId, memberId);
  }
  // A member may be one answer behind: the one that told it of its epoch may have got lost.
  const known = [joiningEpoch, member.epoch, member.previousEpoch];
  if (known.includes(memberEpoch)) return member;
  const how = memberEpoch < member.epoch ? 'smaller' : 'greater';
  throw new KafkaError(
    'FENCED_MEMBER_EPOCH',
    `The share group member has a ${how} member epoch (${memberEpoch}) than the one known by the ` +
      `group coordinator (${member.epoch}). The member must abandon all its partitions and rejoin.`,
  );
}

export function unknownMember(groupId: string, memberId: string): KafkaError {
  return new KafkaError(
    'UNKNOWN_MEMBER_ID',
    `Member ${memberId} is not a member of group ${groupId}.`,
  );
}
