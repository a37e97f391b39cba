import type { ProducerOfBatch } from '../runtime/machine.js';
import type { CommittedOffset, OffsetRecord } from './group-records.js';

type PartitionOffsets = Map<number, CommittedOffset>;
type TopicOffsets = Map<string, PartitionOffsets>;

/** An offset of an open transaction, and its place among all records of the partition. */
interface PendingOffset {
  readonly record: OffsetRecord;
  readonly order: number;
}

/**
 * The committed offsets of all groups of one machine: group → topic → partition → offset. Changed
 * by replay only. Offsets that a transaction has written count when its marker says so, unless a
 * plain commit came after them; until then they are pending, and readers that ask for stable
 * offsets are put off (KIP-447). Whoever takes an offset away takes what is pending along.
 */
export class OffsetStore {
  readonly #groups = new Map<string, TopicOffsets>();
  /** By producer id: what its open transaction has written, in order. */
  readonly #pending = new Map<number, PendingOffset[]>();
  /** The place of each committed offset among the records of the partition. */
  readonly #orders = new WeakMap<CommittedOffset, number>();
  #order = 0;
  /** How many open transactions have written each partition of each group. */
  readonly #unstable = new Map<string, number>();

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  /** The topics of a group with their offsets, in the order of the first commits. */
  topicsOf(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#groups.get(groupId) ?? noTopics;
  }

  hasOffsets(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  /** Whether an open transaction has offsets for the partition. */
  isUnstable(groupId: string, topic: string, partition: number): boolean {
    return this.#unstable.size > 0 && this.#unstable.has(pendingKey(groupId, topic, partition));
  }

  /** Whether an open transaction has offsets for the group. */
  hasPending(groupId: string): boolean {
    for (const pending of this.#pending.values()) {
      if (pending.some(({ record }) => record.groupId === groupId)) return true;
    }
    return false;
  }

  /** What open transactions have written for a group: topics with their partitions. */
  pendingOf(groupId: string): [topic: string, partition: number][] {
    const found: [string, number][] = [];
    for (const pending of this.#pending.values()) {
      for (const { record } of pending) {
        if (record.groupId === groupId) found.push([record.topic, record.partition]);
      }
    }
    return found;
  }

  replay(record: OffsetRecord, transaction?: ProducerOfBatch): void {
    const order = this.#order++;
    if (transaction === undefined) {
      if (record.value === null) this.#forgetPending(record);
      this.#apply(record, order);
      return;
    }
    const pending = this.#pending.get(transaction.producerId) ?? [];
    pending.push({ record, order });
    this.#pending.set(transaction.producerId, pending);
    this.#countPending(record, 1);
  }

  /** Gives the records that count now. */
  replayMarker(producerId: number, committed: boolean): OffsetRecord[] {
    const pending = this.#pending.get(producerId) ?? [];
    this.#pending.delete(producerId);
    const applied: OffsetRecord[] = [];
    for (const { record, order } of pending) {
      this.#countPending(record, -1);
      if (!committed || order < this.#orderOf(record)) continue;
      this.#apply(record, order);
      applied.push(record);
    }
    return applied;
  }

  #forgetPending({ groupId, topic, partition }: OffsetRecord): void {
    if (!this.isUnstable(groupId, topic, partition)) return;
    for (const [producerId, pending] of this.#pending) {
      const left = pending.filter(({ record }) => {
        const isSame = record.groupId === groupId && record.topic === topic;
        if (!isSame || record.partition !== partition) return true;
        this.#countPending(record, -1);
        return false;
      });
      this.#pending.set(producerId, left);
    }
  }

  /** The place of what is committed for the record's partition; -1 where nothing is. */
  #orderOf({ groupId, topic, partition }: OffsetRecord): number {
    const committed = this.get(groupId, topic, partition);
    return committed === undefined ? -1 : (this.#orders.get(committed) ?? -1);
  }

  #apply({ groupId, topic, partition, value }: OffsetRecord, order: number): void {
    let topics = this.#groups.get(groupId);
    if (value !== null) this.#orders.set(value, order);
    if (value === null) {
      const offsets = topics?.get(topic);
      offsets?.delete(partition);
      if (offsets?.size === 0) topics?.delete(topic);
      if (topics?.size === 0) this.#groups.delete(groupId);
      return;
    }
    if (topics === undefined) {
      topics = new Map();
      this.#groups.set(groupId, topics);
    }
    let offsets = topics.get(topic);
    if (offsets === undefined) {
      offsets = new Map();
      topics.set(topic, offsets);
    }
    offsets.set(partition, value);
  }

  #countPending({ groupId, topic, partition }: OffsetRecord, by: 1 | -1): void {
    const key = pendingKey(groupId, topic, partition);
    const count = (this.#unstable.get(key) ?? 0) + by;
    if (count === 0) this.#unstable.delete(key);
    else this.#unstable.set(key, count);
  }

  /** Ids of all groups that have offsets. */
  groupIds(): IterableIterator<string> {
    return this.#groups.keys();
  }
}

const noTopics: TopicOffsets = new Map();

function pendingKey(groupId: string, topic: string, partition: number): string {
  return `${partition} ${topic} ${groupId}`;
}
