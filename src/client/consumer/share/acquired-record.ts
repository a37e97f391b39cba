import type { KafkaError } from '../../../errors/index.js';
import type { RecordView } from '../../../records/index.js';
import type { AcknowledgeType } from './share-consumer-options.js';

/** A partition as share sessions name it. */
export interface SharePartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/**
 * `buffered` → `delivered` → `settled` (an acknowledgement waits or is under way) → `done`; and
 * from each of them to `lost`, when the broker's lock is gone with its session or its leader.
 */
export type AcquiredState = 'buffered' | 'delivered' | 'settled' | 'done' | 'lost';

/** A record whose lock this consumer holds. */
export class AcquiredRecord {
  readonly of: SharePartition;
  /** The broker that gave it; only there can it be acknowledged. */
  readonly broker: number;
  readonly view: RecordView;
  readonly leaderEpoch: number;
  readonly deliveryCount: number;
  /** Monotonic time at which the lock ends. */
  lockEndsAt: number;
  state: AcquiredState = 'buffered';
  /** Monotonic time at which the loop was given it. */
  deliveredAt = 0;
  /** Whether the broker has not answered yet that the lock begins anew. */
  isRenewing = false;
  /** Whether its lock was ever asked to begin anew: it takes its time, and others need not wait. */
  wasRenewed = false;
  /** Why it is lost. */
  lostBy: KafkaError | undefined;
  /** Whether the application has been told that the lock has ended. */
  isOverdue = false;

  constructor(
    of: SharePartition,
    broker: number,
    view: RecordView,
    facts: {
      readonly leaderEpoch: number;
      readonly deliveryCount: number;
      readonly lockEndsAt: number;
    },
  ) {
    this.of = of;
    this.broker = broker;
    this.view = view;
    this.leaderEpoch = facts.leaderEpoch;
    this.deliveryCount = facts.deliveryCount;
    this.lockEndsAt = facts.lockEndsAt;
  }

  get offset(): number {
    return this.view.offset;
  }
}

/** Kafka's numbers; a gap is an offset without a record, which nobody else need look at. */
const numbers = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;

export type SettledType = AcknowledgeType | 'gap';

/** What is to be said about offsets of one partition. */
export class PartitionAcknowledgements {
  readonly of: SharePartition;
  readonly types = new Map<number, SettledType>();
  /** Those that are records of the application; gaps are nobody's. */
  readonly records = new Map<number, AcquiredRecord>();

  constructor(of: SharePartition) {
    this.of = of;
  }

  get hasRenewals(): boolean {
    for (const type of this.types.values()) if (type === 'renew') return true;
    return false;
  }

  /** As it travels: ranges without holes, each with one type for all or one for each offset. */
  batches(): { firstOffset: number; lastOffset: number; acknowledgeTypes: number[] }[] {
    const sorted = [...this.types].sort(([a], [b]) => a - b);
    const batches: { firstOffset: number; lastOffset: number; acknowledgeTypes: number[] }[] = [];
    for (const [offset, type] of sorted) {
      const last = batches.at(-1);
      if (last !== undefined && last.lastOffset + 1 === offset) {
        last.lastOffset = offset;
        last.acknowledgeTypes.push(numbers[type]);
      } else {
        batches.push({
          firstOffset: offset,
          lastOffset: offset,
          acknowledgeTypes: [numbers[type]],
        });
      }
    }
    for (const batch of batches) {
      const [first = 0] = batch.acknowledgeTypes;
      if (batch.acknowledgeTypes.every((type) => type === first)) batch.acknowledgeTypes = [first];
    }
    return batches;
  }
}

export function sharePartitionKey({ topicId, partition }: SharePartition): string {
  return `${topicId}:${partition}`;
}
