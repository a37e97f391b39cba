import type { KafkaError } from '../../errors/index.js';
import type { PartitionState } from './partition-state.js';

export interface FetcherSettings {
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly fetchMaxBytes: number;
  readonly maxPartitionFetchBytes: number;
  readonly queuedMaxBytes: number;
  readonly readCommitted: boolean;
  readonly rackId: string;
  readonly checkCrcs: boolean;
}

/** What the fetcher leaves to others. */
export interface FetcherHost {
  /** Something was added to the buffer. */
  fetched(): void;
  /** The fetch offset is outside what the partition holds. */
  offsetOutOfRange(state: PartitionState): void;
  /** The topic has another id than the one that the position is in. */
  renewed(state: PartitionState): void;
  /** The log was cut below the fetch offset (KIP-320, KIP-595): `offset` is where it ends now. */
  truncated(state: PartitionState, offset: number, leaderEpoch: number): void;
  /** The loop has to know: trying again does not help. */
  failed(state: PartitionState, error: KafkaError): void;
}
