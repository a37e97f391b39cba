import type { KafkaError } from '../../../errors/index.js';
import type { TopicPartition } from '../consumer-options.js';
import type { ShareCounters } from './held-records.js';

export type ShareConsumerState = 'idle' | 'joining' | 'stable' | 'expelled' | 'failed' | 'closed';

/** Where a share consumer stands. */
export interface ShareConsumerHealth {
  readonly state: ShareConsumerState;
  /** One sentence: what it does, or waits for. */
  readonly reason: string;
  readonly groupId: string;
  readonly memberId: string;
  /** 0 before the coordinator has let it in. */
  readonly memberEpoch: number;
  readonly assignment: readonly TopicPartition[];
  /** Acquired records that no loop has been given yet. */
  readonly bufferedRecords: number;
  /** Acquired records that are not settled yet, the buffered ones among them. */
  readonly acquiredRecords: number;
  /** Acknowledgements that the broker has not answered yet. */
  readonly unansweredAcknowledgements: number;
  /** Most records that are acquired at a time, at the loop's pace so far. */
  readonly acquireLimit: number;
  /** How long a lock lasts; null before the first answer. */
  readonly acquisitionLockTimeoutMs: number | null;
  readonly lastPollAgeMs: number | null;
  readonly lastHeartbeatAgeMs: number | null;
  /** What became of records since the consumer was made. */
  readonly counters: Readonly<ShareCounters>;
  /** Requests answered so far. */
  readonly fetches: number;
  readonly acknowledges: number;
  /** The newest trouble, past or present. */
  readonly lastError: KafkaError | null;
}

/** Why a consumer in this state gives what it gives. */
export function shareReason(
  state: ShareConsumerState,
  facts: {
    readonly isPolling: boolean;
    readonly buffered: number;
    readonly assigned: number;
    readonly failure: KafkaError | undefined;
  },
): string {
  switch (state) {
    case 'idle':
      return 'Nobody has asked for records yet: iterate over it.';
    case 'joining':
      return 'On the way into the group: looking for the cluster, the coordinator, its partitions.';
    case 'expelled':
      return 'The loop held a record for too long; the consumer joins again when it asks for more.';
    case 'failed':
      return `Ended by ${facts.failure?.message ?? 'an error'}`;
    case 'closed':
      return 'Closed.';
    case 'stable':
      if (facts.assigned === 0)
        return 'No partition is assigned: the group is beginning, or the topics do not exist.';
      if (!facts.isPolling) return 'The loop works on what it was given.';
      if (facts.buffered > 0) return 'Records wait for the loop.';
      return 'Nothing is to be had: others hold the records, or all are done with.';
  }
}
