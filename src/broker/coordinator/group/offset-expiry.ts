import { ClassicGroup, consumerProtocolType } from './classic-group.js';
import type { ConsumerGroup } from './consumer/consumer-group.js';
import type { ConsumerGroups } from './consumer/consumer-groups.js';
import type { GroupConfig } from './group-config.js';
import type { CommittedOffset } from './group-records.js';
import type { OffsetStore } from './offset-store.js';
import type { GroupOutcome } from './rebalance.js';
import type { StreamsGroup } from './streams/streams-group.js';
import type { StreamsGroups } from './streams/streams-groups.js';

export interface OffsetExpiryParts {
  readonly groups: ReadonlyMap<string, ClassicGroup>;
  readonly consumers: ConsumerGroups;
  readonly streams: StreamsGroups;
  readonly store: OffsetStore;
  readonly config: GroupConfig;
}

/**
 * Takes away offsets that nobody has needed for `offsets.retention.minutes` (KIP-211), and groups
 * that are empty and have none left. Counted from the moment the group became empty, for a simple
 * group from the last commit; topics that a member reads are spared.
 */
export function expireOffsets(parts: OffsetExpiryParts, outcome: GroupOutcome, now: number): void {
  outcome.divisible = true;
  for (const group of parts.groups.values()) {
    const allExpired = expireOffsetsOf(group, parts, outcome, now);
    const isAlone = group.isIn('Empty') && group.pendingMembers.size === 0;
    if (allExpired && isAlone && !parts.store.hasPending(group.groupId)) {
      outcome.write({ kind: 'classic-group', groupId: group.groupId, value: null });
    }
  }
  for (const group of [...parts.consumers.all()]) {
    const allExpired = expireOffsetsOf(group, parts, outcome, now);
    if (!allExpired || group.size > 0 || parts.store.hasPending(group.groupId)) continue;
    parts.consumers.bury(group, outcome);
  }
  for (const group of [...parts.streams.all()]) {
    const allExpired = expireOffsetsOf(group, parts, outcome, now);
    if (!allExpired || group.size > 0 || parts.store.hasPending(group.groupId)) continue;
    parts.streams.bury(group, outcome);
  }
}

/** Whether the group keeps none. */
function expireOffsetsOf(
  group: ClassicGroup | ConsumerGroup | StreamsGroup,
  { store, config }: OffsetExpiryParts,
  outcome: GroupOutcome,
  now: number,
): boolean {
  const { groupId } = group;
  const since = group instanceof ClassicGroup ? idleSince(group) : sinceCommit;
  let allExpired = true;
  for (const [topic, offsets] of store.topicsOf(groupId)) {
    const isSpared = since === undefined || group.isSubscribedTo(topic);
    for (const [partition, offset] of offsets) {
      if (
        isSpared ||
        store.isUnstable(groupId, topic, partition) ||
        !hasExpired(offset, since(offset), config.offsetsRetentionMs, now)
      ) {
        allExpired = false;
        continue;
      }
      outcome.write({ kind: 'offset', groupId, topic, partition, value: null });
    }
  }
  return allExpired;
}

const sinceCommit = (offset: CommittedOffset) => offset.commitTimestamp;

/** From when on an offset of the group counts as unused; undefined: none of them does. */
function idleSince(group: ClassicGroup): ((offset: CommittedOffset) => number) | undefined {
  if (group.protocolType === null) return sinceCommit;
  if (group.isIn('Empty')) return (offset) => group.stateSince ?? offset.commitTimestamp;
  const isReadable = group.protocolType === consumerProtocolType && group.knowsSubscribedTopics;
  return isReadable && group.isIn('Stable') ? sinceCommit : undefined;
}

function hasExpired(
  offset: CommittedOffset,
  since: number,
  retentionMs: number,
  now: number,
): boolean {
  if (offset.expireTimestamp !== undefined) return now >= offset.expireTimestamp;
  return now - since >= retentionMs;
}
