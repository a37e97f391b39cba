/**
 * Delivery states as they stand in records; a record that is acquired is not written down.
 * `archiving` is Apache's: archived, but not in the dead-letter queue yet (KIP-1191).
 */
export const deliveryState = { available: 0, acknowledged: 2, archiving: 3, archived: 4 } as const;

/** What has become of a range of records. */
export interface StateBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

/**
 * Lays newer batches over older ones (Kafka's `PersisterStateBatchCombiner`): where two say
 * something of the same offset, the one that was delivered more often is right, then the one in
 * the higher state. What lies below the start offset goes, equal neighbours become one.
 */
export function combineBatches(
  older: readonly StateBatch[],
  newer: readonly StateBatch[],
  startOffset: number,
): StateBatch[] {
  const all = [...older, ...newer].filter(({ lastOffset }) => lastOffset >= startOffset);
  const edges = new Set<number>();
  for (const { firstOffset, lastOffset } of all) {
    edges.add(Math.max(firstOffset, startOffset));
    edges.add(lastOffset + 1);
  }
  const starts = [...edges].sort((a, b) => a - b);
  const byFirst = [...all].sort((a, b) => a.firstOffset - b.firstOffset);
  const combined: StateBatch[] = [];
  const open: StateBatch[] = [];
  let next = 0;
  starts.forEach((from, at) => {
    for (let batch = byFirst[next]; batch !== undefined && batch.firstOffset <= from; ) {
      open.push(batch);
      next += 1;
      batch = byFirst[next];
    }
    let best: StateBatch | undefined;
    for (let index = open.length - 1; index >= 0; index--) {
      const batch = open[index];
      if (batch === undefined || batch.lastOffset < from) open.splice(index, 1);
      else if (best === undefined || isStronger(batch, best)) best = batch;
    }
    const to = starts[at + 1];
    if (best !== undefined && to !== undefined) push(combined, from, to - 1, best);
  });
  return combined;
}

function isStronger(one: StateBatch, other: StateBatch): boolean {
  if (one.deliveryCount !== other.deliveryCount) return one.deliveryCount > other.deliveryCount;
  return one.deliveryState > other.deliveryState;
}

function push(batches: StateBatch[], firstOffset: number, lastOffset: number, like: StateBatch) {
  const before = batches[batches.length - 1];
  const { deliveryState: state, deliveryCount } = like;
  const continues =
    before !== undefined &&
    before.lastOffset + 1 === firstOffset &&
    before.deliveryState === state &&
    before.deliveryCount === deliveryCount;
  if (continues) batches[batches.length - 1] = { ...before, lastOffset };
  else batches.push({ firstOffset, lastOffset, deliveryState: state, deliveryCount });
}
