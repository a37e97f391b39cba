import { KafkaError } from '../../../../errors/index.js';
import { isTooLong } from '../joining.js';
import { joiningEpoch, leavingStaticEpoch } from './streams-member.js';
import type { StreamsHeartbeat } from './streams-messages.js';

/**
 * Fails with what is wrong about a request, whatever the state of its group. Source topics by
 * expression are in the protocol and not served.
 */
export function checkStreamsHeartbeat(request: StreamsHeartbeat): void {
  checkUnserved(request);
  expectText(request.memberId, 'MemberId');
  expectText(request.groupId, 'GroupId');
  expectText(request.instanceId, 'InstanceId');
  expectText(request.rackId, 'RackId');
  if (request.memberEpoch === joiningEpoch) checkJoining(request);
  else if (request.memberEpoch === leavingStaticEpoch) {
    if (request.instanceId === null) throw invalid("InstanceId can't be null.");
  } else if (request.memberEpoch < leavingStaticEpoch) {
    throw invalid(
      `MemberEpoch is ${request.memberEpoch}, but must be greater than or equal to ` +
        `${leavingStaticEpoch}.`,
    );
  }
  const tasks = [request.activeTasks, request.standbyTasks, request.warmupTasks];
  if (tasks.some((one) => one !== null) && tasks.includes(null)) {
    throw invalid('If one task-type is non-null, all must be non-null.');
  }
  if (request.memberEpoch !== joiningEpoch && request.topology !== null) {
    throw invalid('Topology can only be provided when (re-)joining.');
  }
  checkTexts(request);
}

function checkUnserved(request: StreamsHeartbeat): void {
  for (const { sourceTopicRegex } of request.topology?.subtopologies ?? []) {
    if (sourceTopicRegex.length === 0) continue;
    throw invalid('Regular expressions for source topics are not supported yet.');
  }
}

function checkJoining(request: StreamsHeartbeat): void {
  if (request.rebalanceTimeoutMs === -1) {
    throw invalid('RebalanceTimeoutMs must be provided in first request.');
  }
  const tasks = [
    ['ActiveTasks', request.activeTasks],
    ['StandbyTasks', request.standbyTasks],
    ['WarmupTasks', request.warmupTasks],
  ] as const;
  for (const [name, one] of tasks) {
    // Nothing at all is as good as an empty list is not: the member must say that it has none.
    if (one === null || one.length > 0) throw invalid(`${name} must be empty when (re-)joining.`);
  }
  const { topology } = request;
  if (topology === null) throw invalid('Topology must be non-null when (re-)joining.');
  const seen = new Set<string>();
  for (const { subtopologyId, stateChangelogTopics } of topology.subtopologies) {
    if (seen.has(subtopologyId)) {
      throw invalidTopology(`Subtopology ${subtopologyId} is there twice.`);
    }
    seen.add(subtopologyId);
    for (const { name, partitions } of stateChangelogTopics) {
      if (partitions === 0) continue;
      throw invalidTopology(
        `Changelog topic ${name} must have an undefined partition count, but it is set to ` +
          `${partitions}.`,
      );
    }
  }
  if (topology.epoch < 0) throw invalidTopology('Topology epoch must be non-negative.');
}

/** Texts of records are short. */
function checkTexts({ processId, userEndpoint, clientTags }: StreamsHeartbeat): void {
  for (const text of [processId, userEndpoint?.host ?? null]) {
    if (text !== null && isTooLong(text)) throw invalid('A text is too long.');
  }
  for (const { key, value } of clientTags ?? []) {
    if (isTooLong(key) || isTooLong(value)) throw invalid('A client tag is too long.');
  }
}

function expectText(text: string | null, name: string): void {
  if (text === null) return;
  if (text.trim() === '') throw invalid(`${name} can't be empty.`);
  if (isTooLong(text)) throw invalid(`${name} is too long.`);
}

function invalid(text: string): KafkaError {
  return new KafkaError('INVALID_REQUEST', text);
}

function invalidTopology(text: string): KafkaError {
  return new KafkaError('STREAMS_INVALID_TOPOLOGY', text);
}
