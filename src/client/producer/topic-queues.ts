import { murmur2, zeroUuid } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import type { Random } from '../../system/index.js';
import type { TopicMetadata } from '../cluster/index.js';
import { CallLine } from './call-line.js';
import { PartitionQueue } from './partition-queue.js';
import type { Partitioner } from './producer-record.js';
import { type EncodedRecord, pairsOf } from './record-encoder.js';

/** One topic as a producer sees it: its partitions' queues and where key-less records go now. */
export class TopicQueues {
  readonly name: string;
  id = zeroUuid;
  /** 0 until metadata has come. */
  partitionCount = 0;
  /** Calls that wait for the topic's metadata, or for a partition that it does not have yet. */
  readonly waiting = new CallLine();
  /** Whether somebody fetches what they wait for. */
  isFetched = false;
  /** Answers in a row that did not have the partitions waited for. */
  vainFetches = 0;
  /** How far its batches shrink by compression; a moving estimate (1 at first). */
  compressionRatio = 1;
  readonly #queues: PartitionQueue[] = [];
  #leaders: number[] = [];
  #sticky = -1;
  /** Bytes that went to the sticky partition since it was chosen. */
  #stickyBytes = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Takes metadata over; true when the topic was deleted and created again meanwhile. */
  accept(metadata: TopicMetadata): boolean {
    if (metadata.partitions.length === 0) return false;
    const recreated = this.id !== zeroUuid && metadata.id !== this.id && metadata.id !== zeroUuid;
    this.id = metadata.id;
    this.partitionCount = metadata.partitions.length;
    this.#leaders = metadata.partitions.map(({ leader }) => leader);
    if (recreated) for (const queue of this.#queues) queue.renewed();
    return recreated;
  }

  /** Whether a record that asks for this partition must wait for metadata. */
  lacks(partition: number | undefined): boolean {
    if (this.partitionCount === 0) return true;
    if (partition === undefined || partition < this.partitionCount) return false;
    return Number.isInteger(partition);
  }

  queue(partition: number): PartitionQueue {
    const known = this.#queues[partition];
    if (known !== undefined) return known;
    const made = new PartitionQueue(this.name, partition);
    // Filled up, so that the list has no holes.
    while (this.#queues.length < partition) {
      this.#queues.push(new PartitionQueue(this.name, this.#queues.length));
    }
    this.#queues[partition] = made;
    return made;
  }

  /** The partition a record goes to; -1 leaves it to stickiness. Fails with INVALID_ARGUMENT. */
  partitionOf(
    explicit: number | undefined,
    record: EncodedRecord,
    partitioner: Partitioner | undefined,
  ): number {
    let partition = explicit;
    if (partition === undefined && partitioner !== undefined) {
      partition = partitioner({
        topic: this.name,
        keyBytes: record.key,
        valueBytes: record.value,
        headers: pairsOf(record.headers),
        partitionCount: this.partitionCount,
      });
    }
    if (partition === undefined) {
      if (record.key === null) return -1;
      return (murmur2(record.key) & 0x7fffffff) % this.partitionCount;
    }
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitionCount) {
      return partition;
    }
    const from = explicit === undefined ? 'The partitioner chose' : 'The record asks for';
    throw new KafkaError(
      'INVALID_ARGUMENT',
      `${from} partition ${partition} of ${this.name}, which has ${this.partitionCount}.`,
      { topic: this.name },
    );
  }

  /**
   * Where key-less records go: to one partition until it has got the bytes of a batch, since
   * spreading every record would make tiny batches (KIP-480, KIP-794).
   */
  sticky(random: Random): PartitionQueue {
    if (this.#sticky < 0 || this.#sticky >= this.partitionCount) this.#moveOn(random);
    return this.queue(this.#sticky);
  }

  /** So many bytes went to the sticky partition; after `batchSize` of them it is another's turn. */
  countSticky(bytes: number, batchSize: number, random: Random): void {
    this.#stickyBytes += bytes;
    if (this.#stickyBytes >= batchSize) this.#moveOn(random);
  }

  /**
   * Chooses the next sticky partition: of two drawn by chance among those with a leader, the one
   * with fewer bytes waiting, so that slow brokers get less (the aim of KIP-794).
   */
  #moveOn(random: Random): void {
    this.#stickyBytes = 0;
    const a = this.#draw(random);
    const b = this.#draw(random);
    this.#sticky = this.queue(a).memory <= this.queue(b).memory ? a : b;
  }

  #draw(random: Random): number {
    const drawn = random.below(this.partitionCount);
    for (let step = 0; step < this.partitionCount; step++) {
      const partition = (drawn + step) % this.partitionCount;
      if ((this.#leaders[partition] ?? -1) >= 0) return partition;
    }
    return drawn;
  }
}
