import { zeroUuid } from '../../../bytes/index.js';
import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import type { ClassicGroup } from './classic-group.js';
import type { GroupConfig } from './group-config.js';
import type { OffsetCommitAnswer, TransactionalOffsetCommit } from './group-messages.js';
import { isTooLong } from './joining.js';
import type { GroupOutcome } from './rebalance.js';

/**
 * TxnOffsetCommit: the offsets become part of the producer's open transaction. A producer says
 * which member of which generation it works for, so that one whose partitions have gone to
 * another member cannot commit for them (KIP-447).
 */
export function commitInTransaction(
  group: ClassicGroup | undefined,
  config: GroupConfig,
  request: TransactionalOffsetCommit,
  fault: ErrorCode | undefined,
  ticket: Ticket<OffsetCommitAnswer>,
  outcome: GroupOutcome,
  now: number,
): void {
  const { groupId, producerId, producerEpoch, topics } = request;
  const refusal = fault ?? classicFault(group, request);
  if (refusal !== undefined) {
    const errorCode = errnoOf(refusal);
    const errorCodes = topics.map(({ partitions }) => partitions.map(() => errorCode));
    return outcome.answer(ticket, { errorCodes });
  }
  outcome.transaction = { producerId, producerEpoch };
  const errorCodes = topics.map(({ name, topicId, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, ...one }) => {
      const metadata = one.committedMetadata ?? '';
      if (metadata.length > config.offsetMetadataMax || isTooLong(metadata)) {
        return errnoOf('OFFSET_METADATA_TOO_LARGE');
      }
      const value = {
        offset: committedOffset,
        leaderEpoch: committedLeaderEpoch,
        metadata,
        commitTimestamp: now,
        expireTimestamp: undefined,
        topicId: topicId === zeroUuid ? undefined : topicId,
      };
      outcome.write({ kind: 'offset', groupId, topic: name, partition: partitionIndex, value });
      return 0;
    }),
  );
  outcome.answer(ticket, { errorCodes });
}

/** Producers that name no member are believed, as those of old clients must be. */
function classicFault(
  group: ClassicGroup | undefined,
  request: TransactionalOffsetCommit,
): ErrorCode | undefined {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  if (group === undefined) return generationId < 0 ? undefined : 'ILLEGAL_GENERATION';
  if (generationId < 0 && group.isIn('Empty')) return undefined;
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return undefined;
  const refusal = group.refusal(memberId, groupInstanceId);
  if (refusal !== undefined) return refusal;
  return generationId === group.generationId ? undefined : 'ILLEGAL_GENERATION';
}
