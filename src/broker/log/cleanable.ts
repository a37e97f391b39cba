import type { Log } from './log.js';
import type { LogSegment } from './log-segment.js';

/** What a round of compaction could do in a log. */
export interface Cleanable {
  readonly log: Log;
  /** Everything below was compacted before. */
  readonly firstDirtyOffset: number;
  /** Base offset of the first segment that must stay as it is. */
  readonly upperBound: number;
  /** Bytes not compacted yet, as a share of all that may be. */
  readonly dirtyRatio: number;
  readonly dirtyBytes: number;
  /** Some record has waited for longer than `max.compaction.lag.ms`. */
  readonly isOverdue: boolean;
}

/**
 * How much there is to compact in a log (Kafka's `LogCleanerManager`): never the active segment,
 * nothing at or above the last stable offset or not yet synced, nothing younger than
 * `min.compaction.lag.ms`.
 */
export function cleanableOf(log: Log, cleanedUpTo: number | undefined, now: number): Cleanable {
  const { segments, config } = log;
  const firstDirtyOffset = firstDirty(log, cleanedUpTo);
  const { active } = segments;
  const dirty = segments
    .all()
    .slice(segments.placeOf(firstDirtyOffset))
    .filter((segment) => segment !== active);
  const tooYoung =
    config.minCompactionLagMs > 0
      ? dirty.find((segment) => segment.latest.timestamp > now - config.minCompactionLagMs)
      : undefined;
  const stable = Math.min(log.syncedOffset, log.firstOpenTransactionOffset ?? log.logEndOffset);
  const limit = Math.min(stable, active.baseOffset, tooYoung?.baseOffset ?? active.baseOffset);
  const bound = Math.max(firstDirtyOffset, limit);
  const upperBound = segments.at(segments.placeOf(bound))?.baseOffset ?? active.baseOffset;
  const due = dirty.filter(({ baseOffset }) => baseOffset < upperBound);
  const clean = segments.all().filter(({ baseOffset }) => baseOffset < firstDirtyOffset);
  const dirtyBytes = bytesOf(due);
  // The segment in which the dirty part begins counts as dirty.
  const total = bytesOf(new Set([...clean, ...due]));
  return {
    log,
    firstDirtyOffset,
    upperBound,
    dirtyBytes,
    dirtyRatio: total === 0 ? 0 : dirtyBytes / total,
    isOverdue: earliestOf(dirty) < now - config.maxCompactionLagMs,
  };
}

/** A checkpoint that does not fit the log counts for nothing. */
function firstDirty(log: Log, cleanedUpTo: number | undefined): number {
  const start = log.logStartOffset;
  if (cleanedUpTo === undefined || cleanedUpTo > log.logEndOffset) return start;
  return Math.max(start, cleanedUpTo);
}

function bytesOf(segments: Iterable<LogSegment>): number {
  let bytes = 0;
  for (const { size } of segments) bytes += size;
  return bytes;
}

/** The earliest timestamp that one of the segments begins with. */
function earliestOf(segments: readonly LogSegment[]): number {
  const timestamps = segments.map(({ firstTimestamp }) => firstTimestamp);
  return Math.min(...timestamps.filter((timestamp) => timestamp > 0));
}

/** Segments that become one: together no larger than a segment may be. */
export function groupsOf(
  segments: readonly LogSegment[],
  segmentBytes: number,
  segmentIndexBytes: number,
  upperBound: number,
): LogSegment[][] {
  const groups: LogSegment[][] = [];
  let group: LogSegment[] = [];
  let bytes = 0;
  let indexBytes = 0;
  for (const [place, segment] of segments.entries()) {
    const end = segments[place + 1]?.baseOffset ?? upperBound;
    const base = group[0]?.baseOffset ?? segment.baseOffset;
    bytes += segment.size;
    indexBytes += segment.indexBytes;
    const fits =
      bytes <= segmentBytes && indexBytes <= segmentIndexBytes && end - 1 - base <= 0x7fffffff;
    if (group.length > 0 && !fits) {
      groups.push(group);
      group = [];
      bytes = segment.size;
      indexBytes = segment.indexBytes;
    }
    group.push(segment);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
