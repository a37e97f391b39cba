import { errnoOf } from '../../errors/index.js';
import type { ResponseInput } from '../../protocol/index.js';
import { finalEpoch, initialEpoch } from '../partition/share/share-sessions.js';
import type { Handler, RequestContext } from './handler.js';
import { LeaderHints } from './leader-hints.js';
import { type Acknowledged, acknowledgeAll } from './share-acknowledgements.js';

type Response = ResponseInput<'ShareAcknowledge'>;

/** ShareAcknowledge v1–2 (KIP-932, KIP-1222): answered when what was acknowledged is durable. */
export const shareAcknowledge: Handler<'ShareAcknowledge'> = async (request, context) => {
  const { broker } = context;
  const { groupId, memberId, shareSessionEpoch: epoch, isRenewAck } = request;
  if (groupId === null || memberId === null || memberId === '') return refused('INVALID_REQUEST');
  if (epoch === initialEpoch) return refused('INVALID_SHARE_SESSION_EPOCH');
  const session = broker.shareSessions.resume(groupId, memberId, epoch);
  if (typeof session === 'string') return refused(session);
  const answers = await acknowledgeAll(request.topics, { groupId, memberId, isRenewAck }, context);
  if (epoch === finalEpoch) {
    broker.shareSessions.end(session);
    await broker.sharePartitions.release(groupId, memberId);
  }
  const hints = new LeaderHints(context);
  return {
    errorCode: 0,
    acquisitionLockTimeoutMs: broker.sharePartitions.settingsOf(groupId).lockDurationMs,
    responses: byTopic(answers, context, hints),
    nodeEndpoints: hints.endpoints(),
  };
};

function refused(code: Parameters<typeof errnoOf>[0]): Response {
  const nothing = { responses: [], nodeEndpoints: [] };
  return { errorCode: errnoOf(code), acquisitionLockTimeoutMs: 0, ...nothing };
}

function byTopic(
  answers: readonly Acknowledged[],
  { broker }: RequestContext,
  hints: LeaderHints,
): Response['responses'] {
  const topics = new Map<string, Response['responses'][number]['partitions'][number][]>();
  for (const { topicId, partition: partitionIndex, errorCode, errorMessage } of answers) {
    const partitions = topics.get(topicId) ?? [];
    topics.set(topicId, partitions);
    const partition = broker.topics.byId(topicId)?.partitions[partitionIndex];
    const currentLeader = hints.hint(errorCode, partition) ?? noLeader;
    partitions.push({ partitionIndex, errorCode, errorMessage, currentLeader });
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }));
}

/** What Kafka says where nobody has to look for another leader. */
export const noLeader = { leaderId: 0, leaderEpoch: 0 };
