import type { ClientSession, Collection, Document } from 'mongodb';
import type { TopicPartition, TopicPartitionOffset } from '../../../client/index.js';
import { KafkaError } from '../../../errors/index.js';
import { sinkFailure } from './server-errors.js';

/**
 * Offsets kept beside the documents: `{ _id: 'pipeline#topic#partition', offset, epoch }`. Whoever
 * takes a partition raises its epoch; a writer whose epoch is outdated moves nothing any more and
 * its transaction fails (fencing).
 */
export class TransactionOffsets {
  readonly #collection: Collection<Document>;
  readonly #pipeline: string;
  readonly #epochs = new Map<string, number>();

  constructor(collection: Collection<Document>, pipeline: string) {
    this.#collection = collection;
    this.#pipeline = pipeline;
  }

  /** Takes partitions, fencing whoever had them; answers where to go on. */
  async claim(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition } of partitions) {
      const id = this.#idOf({ topic, partition });
      const claimed = await this.#collection
        .findOneAndUpdate(
          { _id: id as never },
          { $inc: { epoch: 1 }, $setOnInsert: { topic, partition } },
          { upsert: true, returnDocument: 'after', writeConcern: { w: 'majority' } },
        )
        .catch((error: unknown) => {
          throw sinkFailure(error);
        });
      this.#epochs.set(id, Number(claimed?.epoch ?? 0));
      const offset = claimed?.offset as number | undefined;
      if (offset !== undefined) offsets.push({ topic, partition, offset: Number(offset) });
    }
    return offsets;
  }

  release(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#epochs.delete(this.#idOf(each));
  }

  /** Moves the offset within the transaction. Fails with SINK_FAILED when fenced. */
  async move(of: TopicPartition, offset: number, session: ClientSession): Promise<void> {
    const id = this.#idOf(of);
    const epoch = this.#epochs.get(id);
    const result = await this.#collection.updateOne(
      { _id: id as never, epoch },
      { $set: { offset } },
      { session },
    );
    if (result.matchedCount === 1) return;
    const { topic, partition } = of;
    throw new KafkaError('SINK_FAILED', 'Another writer has taken over the partition.', {
      topic,
      partition,
    });
  }

  #idOf({ topic, partition }: TopicPartition): string {
    return `${this.#pipeline}#${topic}#${partition}`;
  }
}
