import { isKafkaError, KafkaError } from '../../../../errors/index.js';
import { isTooLong } from '../joining.js';
import { assignors } from './assignor.js';
import { joiningEpoch, leavingEpoch, leavingStaticEpoch } from './consumer-member.js';
import type { ConsumerHeartbeat } from './consumer-messages.js';
import { compiledRegex } from './topic-regex.js';

/** From this version on members make their own ids (KIP-1082). */
const ownMemberIdSince = 1;

/** Fails with what is wrong about a request, whatever the state of its group. */
export function checkHeartbeat(request: ConsumerHeartbeat, version: number): void {
  const { groupId, memberId, memberEpoch, instanceId, rackId } = request;
  const isJoining = memberEpoch === joiningEpoch;
  if (version >= ownMemberIdSince || !isJoining) expectText(memberId, 'MemberId');
  expectText(groupId, 'GroupId');
  expectText(instanceId, 'InstanceId');
  expectText(rackId, 'RackId');
  for (const name of request.subscribedTopicNames ?? []) expectShort(name, 'SubscribedTopicNames');
  if (isJoining) checkJoining(request);
  else if (memberEpoch === leavingStaticEpoch && instanceId === null) {
    throw new KafkaError('INVALID_REQUEST', "InstanceId can't be null.");
  } else if (memberEpoch < leavingEpoch && memberEpoch !== leavingStaticEpoch) {
    throw new KafkaError('INVALID_REQUEST', 'MemberEpoch is invalid.');
  }
  const { serverAssignor, subscribedTopicRegex: regex } = request;
  if (serverAssignor !== null && !assignors.has(serverAssignor)) {
    const known = [...assignors.keys()].join(', ');
    throw new KafkaError(
      'UNSUPPORTED_ASSIGNOR',
      `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${known}.`,
    );
  }
  if (regex !== null && regex !== '') checkRegex(regex);
}

function checkRegex(regex: string): void {
  expectShort(regex, 'SubscribedTopicRegex');
  try {
    compiledRegex(regex);
  } catch (error) {
    if (!isKafkaError(error, 'INVALID_REGULAR_EXPRESSION')) throw error;
    throw new KafkaError(
      'INVALID_REGULAR_EXPRESSION',
      `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${error.message}.`,
    );
  }
}

function checkJoining(request: ConsumerHeartbeat): void {
  const { rebalanceTimeoutMs, topicPartitions } = request;
  if (rebalanceTimeoutMs === -1) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'RebalanceTimeoutMs must be provided in first request.',
    );
  }
  if (topicPartitions === null || topicPartitions.length > 0) {
    throw new KafkaError('INVALID_REQUEST', 'TopicPartitions must be empty when (re-)joining.');
  }
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
    );
  }
}

function expectText(text: string | null, name: string): void {
  if (text === null) return;
  if (text.trim() === '') throw new KafkaError('INVALID_REQUEST', `${name} can't be empty.`);
  expectShort(text, name);
}

function expectShort(text: string, name: string): void {
  if (isTooLong(text)) throw new KafkaError('INVALID_REQUEST', `${name} is too long.`);
}
