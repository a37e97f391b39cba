import type { RequestInput } from '../../../protocol/index.js';
import type { SharePartition } from './acquired-record.js';
import type { ShareConsumerSettings } from './share-consumer-settings.js';
import type { ShareSessionRequest } from './share-session.js';
import type { AcknowledgementsByPartition } from './share-source.js';

/** In whose name. */
export interface ShareIdentity {
  readonly groupId: string;
  readonly memberId: string;
}

export interface ShareFetchBounds {
  readonly maxRecords: number;
  readonly isRecordLimit: boolean;
}

/** The epoch that closes a session, after its acknowledgements have been taken. */
export const finalEpoch = -1;

export function shareFetchInput(
  { groupId, memberId }: ShareIdentity,
  request: ShareSessionRequest,
  acknowledgements: AcknowledgementsByPartition,
  settings: ShareConsumerSettings<unknown, unknown>,
  bounds: ShareFetchBounds,
): RequestInput<'ShareFetch'> {
  return {
    groupId,
    memberId,
    shareSessionEpoch: request.epoch,
    maxWaitMs: settings.fetchMaxWaitMs,
    minBytes: settings.fetchMinBytes,
    maxBytes: settings.fetchMaxBytes,
    maxRecords: bounds.maxRecords,
    batchSize: bounds.maxRecords,
    shareAcquireMode: bounds.isRecordLimit ? 1 : 0,
    topics: topicsOf(request.added, acknowledgements),
    forgottenTopicsData: [...byTopicId(request.forgotten)].map(([topicId, partitions]) => ({
      topicId,
      partitions: partitions.map(({ partition }) => partition),
    })),
  };
}

export function shareAcknowledgeInput(
  { groupId, memberId }: ShareIdentity,
  epoch: number,
  acknowledgements: AcknowledgementsByPartition,
): RequestInput<'ShareAcknowledge'> {
  const isRenewAck = [...acknowledgements.values()].some(({ hasRenewals }) => hasRenewals);
  return {
    groupId,
    memberId,
    shareSessionEpoch: epoch,
    ...(isRenewAck ? { isRenewAck } : {}),
    topics: topicsOf([], acknowledgements),
  };
}

function topicsOf(added: readonly SharePartition[], acknowledgements: AcknowledgementsByPartition) {
  const named = new Map<string, SharePartition>();
  for (const each of added) named.set(`${each.topicId}:${each.partition}`, each);
  for (const [key, { of }] of acknowledgements) named.set(key, of);
  return [...byTopicId(named.values())].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition }) => ({
      partitionIndex: partition,
      acknowledgementBatches: acknowledgements.get(`${topicId}:${partition}`)?.batches() ?? [],
    })),
  }));
}

function byTopicId(partitions: Iterable<SharePartition>): Map<string, SharePartition[]> {
  const topics = new Map<string, SharePartition[]>();
  for (const each of partitions) {
    const list = topics.get(each.topicId);
    if (list === undefined) topics.set(each.topicId, [each]);
    else list.push(each);
  }
  return topics;
}
