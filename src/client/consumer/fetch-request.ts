import type { RequestInput } from '../../protocol/index.js';
import type { FetchTarget, SessionRequest } from './fetch-session.js';
import { groupByTopic } from './topic-partitions.js';

/** What every Fetch of a consumer says. */
export interface FetchRequestSettings {
  readonly fetchMinBytes: number;
  readonly readCommitted: boolean;
  readonly rackId: string;
}

/** How long and how much this one may take. */
export interface FetchBounds {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

/** Older brokers cannot notice a truncated log by it. */
const lastFetchedEpochSince = 12;

/** The Fetch for what a session wants to ask. */
export function fetchInput(
  version: number,
  request: SessionRequest,
  settings: FetchRequestSettings,
  { maxWaitMs, maxBytes }: FetchBounds,
): RequestInput<'Fetch'> {
  return {
    maxWaitMs,
    minBytes: settings.fetchMinBytes,
    maxBytes,
    isolationLevel: settings.readCommitted ? 1 : 0,
    sessionId: request.sessionId,
    sessionEpoch: request.sessionEpoch,
    topics: topicsOf(request.targets, (targets) =>
      targets.map((target) => ({
        partition: target.partition,
        currentLeaderEpoch: target.currentLeaderEpoch,
        fetchOffset: target.fetchOffset,
        lastFetchedEpoch: version >= lastFetchedEpochSince ? target.lastFetchedEpoch : -1,
        partitionMaxBytes: target.partitionMaxBytes,
      })),
    ),
    forgottenTopicsData: topicsOf(request.forgotten, (targets) =>
      targets.map((target) => target.partition),
    ),
    rackId: settings.rackId,
  };
}

/** By topic and id: a topic that was created anew appears with both of its ids. */
function topicsOf<P>(
  targets: readonly FetchTarget[],
  partitionsOf: (targets: readonly FetchTarget[]) => P[],
): { topic: string; topicId: string; partitions: P[] }[] {
  return [...groupByTopic(targets)].flatMap(([topic, list]) => {
    const ids = new Set(list.map((target) => target.topicId));
    return [...ids].map((topicId) => ({
      topic,
      topicId,
      partitions: partitionsOf(list.filter((target) => target.topicId === topicId)),
    }));
  });
}
