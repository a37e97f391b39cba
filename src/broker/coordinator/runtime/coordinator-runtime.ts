import { coordinatorPartition } from '../../../bytes/index.js';
import { KafkaError } from '../../../errors/index.js';
import type { Clock, Logger } from '../../../system/index.js';
import type { InternalTopic } from '../../partition/internal-topic.js';
import { CoordinatorShard } from './coordinator-shard.js';
import type { Machine, MachineFactory, RecordCodec } from './machine.js';
import type { Operation } from './running-machine.js';

export interface CoordinatorRuntimeParts<M, R> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topic: InternalTopic;
  readonly codec: RecordCodec<R>;
  readonly factory: MachineFactory<M, R>;
}

/** A runtime that several nodes have together, and which partitions one of them leads. */
export interface SharedRuntime<M extends Machine<R>, R> {
  readonly runtime: CoordinatorRuntime<M, R>;
  readonly leads: (partition: number) => boolean;
}

/**
 * Runs the machines of one coordinator, one for each partition of its topic. A machine is chosen
 * by the hash of a group (or transactional) id, as every Kafka client and broker does.
 */
export class CoordinatorRuntime<M extends Machine<R>, R> {
  readonly #parts: CoordinatorRuntimeParts<M, R>;
  #shards: readonly CoordinatorShard<M, R>[] = [];
  #loading: Promise<void> | undefined;
  #closed = false;

  constructor(parts: CoordinatorRuntimeParts<M, R>) {
    this.#parts = parts;
  }

  /** Reads what is in the topic, if it exists; resolves when every partition was read. */
  start(): Promise<void> {
    const count = this.#parts.topic.partitionCount();
    return count === undefined ? Promise.resolve() : this.#open(count);
  }

  /** Makes sure the topic exists and its machines are set up; answers the number of partitions. */
  async ensure(): Promise<number> {
    if (this.#closed) throw new KafkaError('NOT_COORDINATOR');
    const existing = this.#parts.topic.partitionCount();
    if (existing !== undefined) {
      // Somebody added partitions: most ids are kept elsewhere now.
      if (this.#shards.length > 0 && this.#shards.length !== existing) this.reset();
      // Found rather than made: whoever asks while it is read is told so.
      if (this.#shards.length === 0) void this.#open(existing);
      return existing;
    }
    const count = await this.#parts.topic.ensure();
    await this.#open(count);
    return count;
  }

  /** The partition that keeps an id; creates the topic when it is not there. */
  async partitionOf(id: string): Promise<number> {
    return coordinatorPartition(id, await this.ensure());
  }

  /** Runs an operation of the machine that keeps `id`. */
  async run<T>(id: string, operation: Operation<M, R, T>): Promise<T> {
    return this.#shardAt(await this.partitionOf(id)).run(operation);
  }

  /** Runs an operation of the machine of a partition, which must exist. */
  async runAt<T>(partition: number, operation: Operation<M, R, T>): Promise<T> {
    return this.#shardAt(partition).run(operation);
  }

  /**
   * The machine that keeps `id`, with all that was done to it, durable or not. Undefined while it
   * is not there: what is looked up must not wait, or it would no longer be true.
   */
  peek(id: string): M | undefined {
    if (this.#shards.length === 0) return undefined;
    return this.#shards[coordinatorPartition(id, this.#shards.length)]?.peek();
  }

  /** The same for the machine of a partition. */
  peekAt(partition: number): M | undefined {
    return this.#shards[partition]?.peek();
  }

  /**
   * Runs an operation of the machine of every partition, or of those that pass; answers nothing
   * where the topic does not exist.
   */
  runAll<T>(
    operation: Operation<M, R, T>,
    which: (partition: number) => boolean = () => true,
  ): Promise<T[]> {
    const shards = this.#shards.filter((_, partition) => which(partition));
    return Promise.all(shards.map((shard) => shard.run(operation)));
  }

  /** Forgets everything: the topic was deleted, or its partitions mean something else now. */
  reset(): void {
    for (const shard of this.#shards) void shard.close();
    this.#shards = [];
    this.#loading = undefined;
  }

  /** Fails whoever waits with NOT_COORDINATOR; resolves when nothing is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }

  #shardAt(partition: number): CoordinatorShard<M, R> {
    const shard = this.#shards[partition];
    if (shard === undefined) throw new KafkaError('NOT_COORDINATOR');
    return shard;
  }

  #open(count: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#loading === undefined) {
      this.#shards = Array.from(
        { length: count },
        (_, partition) => new CoordinatorShard({ ...this.#parts, partition }),
      );
      this.#loading = Promise.all(this.#shards.map((shard) => shard.load())).then(() => {});
    }
    return this.#loading;
  }
}
