import { RecordBatch } from '../../records/index.js';
import type { BatchHeader } from './batch-scan.js';
import type { LeaderEpochCache } from './leader-epoch-cache.js';
import { type LogConfig, openingOf } from './log-config.js';
import type { LogSegment } from './log-segment.js';
import type { LogSegments } from './log-segments.js';

export interface OffsetAndTimestamp {
  readonly offset: number;
  readonly timestamp: number;
  /** -1 where unknown. */
  readonly leaderEpoch: number;
}

interface Searched {
  readonly config: LogConfig;
  readonly segments: LogSegments;
  readonly epochs: LeaderEpochCache;
  readonly logStartOffset: number;
}

/** The first record at or after the timestamp, from the log start on and below `upTo`. */
export async function offsetForTimestamp(
  log: Searched,
  timestamp: number,
  upTo: number,
): Promise<OffsetAndTimestamp | undefined> {
  const start = log.logStartOffset;
  for (const segment of log.segments.all()) {
    let from = start;
    for (;;) {
      const header = segment.findTimestamp(timestamp, from);
      if (header === undefined || header.baseOffset >= upTo) break;
      const found = await firstRecord(log, segment, header, (record) => {
        return record.timestamp >= timestamp && record.offset >= start;
      });
      if (found !== undefined) return found.offset < upTo ? withEpoch(log, found) : undefined;
      // The batch had only older records from the log start on: go on behind it.
      from = header.lastOffset + 1;
    }
  }
  return undefined;
}

/** The first record that has the greatest timestamp of the log below `upTo`. */
export async function offsetOfMaxTimestamp(
  log: Searched,
  upTo: number,
): Promise<OffsetAndTimestamp | undefined> {
  let best: { segment: LogSegment; timestamp: number } | undefined;
  for (const segment of log.segments.all()) {
    const { timestamp } = segment.latest;
    if (timestamp >= 0 && (best === undefined || timestamp > best.timestamp)) {
      best = { segment, timestamp };
    }
  }
  if (best === undefined) return undefined;
  const greatest = best.timestamp;
  const header = best.segment.findTimestamp(greatest, log.logStartOffset);
  if (header === undefined || header.baseOffset >= upTo) return undefined;
  const found = await firstRecord(log, best.segment, header, (record) => {
    return record.timestamp >= greatest;
  });
  return found && withEpoch(log, found);
}

interface Found {
  readonly offset: number;
  readonly timestamp: number;
}

async function firstRecord(
  log: Searched,
  segment: LogSegment,
  { position, sizeInBytes }: BatchHeader,
  matches: (record: Found) => boolean,
): Promise<Found | undefined> {
  const batch = new RecordBatch(segment.read(position, sizeInBytes));
  for (const { offset, timestamp } of await batch.recordsAsync(openingOf(log.config, batch))) {
    const found = { offset, timestamp };
    if (matches(found)) return found;
  }
  return undefined;
}

function withEpoch(log: Searched, found: Found): OffsetAndTimestamp {
  return { ...found, leaderEpoch: log.epochs.epochAt(found.offset) };
}
