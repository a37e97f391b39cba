import type { KafkaError } from '../../errors/index.js';
import { Bell } from './bell.js';
import { Delivery, type DeliveryHost } from './delivery.js';
import type { FetchBuffer } from './fetch-buffer.js';
import type { PartitionState } from './partition-state.js';
import type { RebalanceLoop } from './rebalance.js';
import type { RecordMaker } from './record-maker.js';
import { partitionKey } from './topic-partitions.js';

/**
 * All loops of one consumer: the one of `for await`, and those that run beside each other. A
 * partition is in one loop at a time, from the first record taken to the last one finished, so
 * its order is kept however many there are.
 */
export class Deliveries<K, V> implements RebalanceLoop {
  /** The loop of `for await`. */
  readonly main: Delivery<K, V>;
  readonly #buffer: FetchBuffer;
  readonly #maker: RecordMaker<K, V>;
  readonly #host: DeliveryHost;
  readonly #bell = new Bell();
  readonly #lanes = new Set<Delivery<K, V>>();
  readonly #streams = new Map<PartitionState, Delivery<K, V>>();
  readonly #isHeld = (): boolean => this.#holds > 0;
  #holds = 0;
  #streamings = 0;
  #isClosed = false;

  constructor(buffer: FetchBuffer, maker: RecordMaker<K, V>, host: DeliveryHost) {
    this.#buffer = buffer;
    this.#maker = maker;
    this.#host = host;
    this.main = new Delivery(buffer, maker, host, {
      bell: this.#bell,
      isHeld: this.#isHeld,
      may: (state) => this.#isFree(state, this.main),
    });
  }

  /** A loop beside others, over whatever partition no other has at the moment. */
  lane(): Delivery<K, V> {
    const lane: Delivery<K, V> = new Delivery(this.#buffer, this.#maker, this.#host, {
      bell: this.#bell,
      isHeld: this.#isHeld,
      may: (state) => this.#isFree(state, lane),
      released: () => this.#bell.ring(),
    });
    return this.#add(lane);
  }

  /** The loop of one partition, which has no other from now on. */
  stream(state: PartitionState): Delivery<K, V> {
    state.isStreamed = true;
    const stream = new Delivery(this.#buffer, this.#maker, this.#host, {
      bell: this.#bell,
      isHeld: this.#isHeld,
      may: (each) => each === state,
      only: state,
    });
    this.#streams.set(state, stream);
    return this.#add(stream);
  }

  /** Ends one of the loops made here; what it had fetched goes to the others. */
  remove(lane: Delivery<K, V>): void {
    this.#lanes.delete(lane);
    for (const [state, stream] of this.#streams) {
      if (stream !== lane) continue;
      this.#streams.delete(state);
      state.isStreamed = false;
    }
    lane.retire();
  }

  /** The loops to keep an eye on: the one of `for await` counts while there are no others. */
  watched(): Iterable<Delivery<K, V>> {
    return this.#lanes.size === 0 && this.#streamings === 0 ? [this.main] : this.#lanes;
  }

  /** Streams are given out until the returned function is called. */
  streaming(): () => void {
    this.#streamings++;
    return () => {
      this.#streamings--;
    };
  }

  get isPolling(): boolean {
    return [...this.watched()].every((each) => each.isPolling);
  }

  get hasPolled(): boolean {
    return this.#lanes.size > 0 || this.main.polls > 0;
  }

  get failure(): KafkaError | undefined {
    return this.main.failure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  isAtHand(state: PartitionState): boolean {
    for (const each of this.#all()) if (each.atHand === state) return true;
    return false;
  }

  /** A partition that was taken away while a loop worked on records of it, as it does still. */
  get lost(): PartitionState | undefined {
    for (const { lost } of this.#all()) if (lost !== undefined) return lost;
    return undefined;
  }

  /** Resolves at the next change of any kind. */
  changed(): Promise<void> {
    return this.#bell.wait();
  }

  ring(): void {
    this.#bell.ring();
  }

  interrupt(): void {
    for (const each of this.#all()) each.interrupt();
  }

  hold(): () => void {
    this.#holds++;
    this.interrupt();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds--;
      this.#bell.ring();
    };
  }

  until(isTrue: () => boolean): Promise<void> {
    return this.main.until(isTrue);
  }

  abandon(partitions: ReadonlySet<string>): void {
    for (const each of this.#all()) {
      const { atHand } = each;
      if (atHand !== undefined && partitions.has(partitionKey(atHand))) each.abandon();
    }
  }

  fail(error: KafkaError): void {
    for (const each of this.#all()) each.fail(error);
  }

  /** The loop of the partition hears of it, else any. */
  failPartition(state: PartitionState, error: KafkaError): void {
    const [first] = this.watched();
    (this.#streams.get(state) ?? first ?? this.main).failPartition(state, error);
  }

  close(): void {
    this.#isClosed = true;
    for (const each of this.#all()) each.close();
  }

  #add(lane: Delivery<K, V>): Delivery<K, V> {
    if (this.main.failure !== undefined) lane.fail(this.main.failure);
    if (this.#isClosed) lane.close();
    this.#lanes.add(lane);
    return lane;
  }

  *#all(): Generator<Delivery<K, V>> {
    yield this.main;
    yield* this.#lanes;
  }

  #isFree(state: PartitionState, by: Delivery<K, V>): boolean {
    if (state.isStreamed) return false;
    if (this.#lanes.size === 0) return true;
    for (const each of this.#all()) {
      if (each !== by && (each.current === state || each.atHand === state)) return false;
    }
    return true;
  }
}
