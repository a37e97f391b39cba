import { errnoOf } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { type AcknowledgementBatch, acknowledgeType } from '../partition/share/share-partition.js';
import type { RequestContext } from './handler.js';

type AskedTopics = RequestDecoded<'ShareAcknowledge'>['topics'];

/** From this version on members may ask for more time (KIP-1222). */
const renewSince = 2;

/** Who acknowledges, and whether it has said that it asks for more time. */
export interface Acknowledging {
  readonly groupId: string;
  readonly memberId: string;
  readonly isRenewAck: boolean;
}

/** What has become of the acknowledgements of one partition. */
export interface Acknowledged {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Takes in all acknowledgements of a request; resolves when they are durable. */
export function acknowledgeAll(
  topics: AskedTopics,
  who: Acknowledging,
  context: RequestContext,
): Promise<Acknowledged[]> {
  const asked = topics.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, ...partition })),
  );
  return Promise.all(
    asked
      .filter(({ acknowledgementBatches }) => acknowledgementBatches.length > 0)
      .map(async ({ topicId, partitionIndex: partition, acknowledgementBatches }) => {
        const fault = await acknowledgeOne(
          { topicId, partition },
          acknowledgementBatches,
          who,
          context,
        );
        return { topicId, partition, ...fault };
      }),
  );
}

async function acknowledgeOne(
  { topicId, partition }: { readonly topicId: string; readonly partition: number },
  batches: readonly AcknowledgementBatch[],
  { groupId, memberId, isRenewAck }: Acknowledging,
  { broker, version }: RequestContext,
): Promise<Pick<Acknowledged, 'errorCode' | 'errorMessage'>> {
  const invalid = { errorCode: errnoOf('INVALID_REQUEST'), errorMessage: null };
  if (!areSound(batches, isRenewAck && version >= renewSince)) return invalid;
  const leaderFault = broker.topics
    .byId(topicId)
    ?.partitions[partition]?.leaderFault(broker.nodeId, -1);
  if (leaderFault !== undefined) return { errorCode: errnoOf(leaderFault), errorMessage: null };
  const live = await broker.sharePartitions.open({ groupId, topicId, partition });
  if ('error' in live) return { errorCode: errnoOf(live.error), errorMessage: live.message };
  const renews = isRenewAck && batches.some(isRenewal);
  if (renews && !live.settings.renewEnabled) {
    const errorMessage = 'Renewing acquisition locks is not enabled for the group.';
    return { errorCode: errnoOf('INVALID_RECORD_STATE'), errorMessage };
  }
  const fault = await live.acknowledge(memberId, batches);
  return { errorCode: errnoOf(fault?.error ?? 'NONE'), errorMessage: fault?.message ?? null };
}

function isRenewal({ acknowledgeTypes }: AcknowledgementBatch): boolean {
  return acknowledgeTypes.includes(acknowledgeType.renew);
}

/** Whether batches are in order, and each has one type, or one for every record. */
function areSound(batches: readonly AcknowledgementBatch[], mayRenew: boolean): boolean {
  const highest = mayRenew ? acknowledgeType.renew : acknowledgeType.reject;
  let before = -1;
  for (const { firstOffset, lastOffset, acknowledgeTypes: types } of batches) {
    if (lastOffset < firstOffset || firstOffset < before) return false;
    const count = lastOffset - firstOffset + 1;
    if (types.length !== 1 && types.length !== count) return false;
    if (types.some((type) => type < acknowledgeType.gap || type > highest)) return false;
    before = lastOffset;
  }
  return true;
}
