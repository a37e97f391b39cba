import type { TopicRegistry } from '../metadata/topic-registry.js';
import type { System } from '../../system/index.js';
import type { MarkerOfTransaction } from './internal-topic.js';

export interface TransactionMarkersParts {
  readonly topics: TopicRegistry;
  readonly system: Pick<System, 'clock'>;
  /** `__consumer_offsets`, whose markers its coordinator writes: they change what is committed. */
  readonly offsetsTopic: string;
  readonly endInOffsets: (partition: number, marker: MarkerOfTransaction) => Promise<void>;
  /** `__transaction_state`. */
  readonly stateTopic: string;
}

/** Writes the markers of transactions into the partitions of this broker. */
export class TransactionMarkers {
  readonly #parts: TransactionMarkersParts;

  constructor(parts: TransactionMarkersParts) {
    this.#parts = parts;
  }

  async write(topic: string, index: number, marker: MarkerOfTransaction): Promise<void> {
    const { topics, system, offsetsTopic, endInOffsets } = this.#parts;
    const partition = topics.partition(topic, index);
    if (partition === undefined) return;
    try {
      if (topic === offsetsTopic) await endInOffsets(index, marker);
      else await partition.appendMarker(marker, system.clock.now());
    } catch (error) {
      if (topics.partition(topic, index) === partition) throw error;
      // Deleted meanwhile: nobody will read it.
    }
  }

  coordinatorEpoch(partition: number): number {
    return this.#parts.topics.partition(this.#parts.stateTopic, partition)?.leaderEpoch ?? 0;
  }
}
