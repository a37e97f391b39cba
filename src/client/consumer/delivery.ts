import type { KafkaError } from '../../errors/index.js';
import type { RecordView } from '../../records/index.js';
import { Bell } from './bell.js';
import { FetchedRun, firstOffsetIn } from './consumer-batch.js';
import type { ConsumerRecord } from './consumer-record.js';
import { DeliveryIterator } from './delivery-iterator.js';
import type { FetchBuffer } from './fetch-buffer.js';
import type { FetchedPartition, OpenBatch } from './fetched-partition.js';
import { asKafkaError } from './offset-lookup.js';
import type { PartitionState } from './partition-state.js';
import type { RecordMaker } from './record-maker.js';

export interface DeliveryHost {
  /** The loop asks, and nothing is ready. */
  asked(): void;
  /** Something was taken out of the buffer: there may be room for more. */
  drained(): void;
  /** Calls `run` in the next turn of the event loop. */
  soon(run: () => void): void;
  /** Whether damage is passed over, of which this is the report; undefined: it is thrown. */
  readonly skipped?: ((error: KafkaError) => void) | undefined;
}

/** What a delivery shares with others that run beside it. */
export interface DeliveryLane {
  /** Rings for all of them. */
  readonly bell: Bell;
  /** Whether a partition may be handed out here now; undefined: all may. */
  readonly may?: ((state: PartitionState) => boolean) | undefined;
  /** The partition handed out before may be taken by another delivery. */
  readonly released?: (() => void) | undefined;
  /** Whether all of them are to hand out nothing. */
  readonly isHeld?: (() => boolean) | undefined;
  /** The only partition of this delivery, which ends with it. */
  readonly only?: PartitionState | undefined;
}

/**
 * After so many records the event loop gets a turn: a loop whose records are all there runs in
 * microtasks alone, and answers of brokers would lie unread until the last of them.
 */
const recordsPerTurn = 256;

/** A run of batches ends when it holds so many bytes as they came. */
const runBytesMax = 1_048_576;
/** What a compressed byte counts in a run: it is decompressed as long as the run lives. */
const compressedWeight = 8;

/**
 * Between the buffer and the application's loop. What the loop was given last is *at hand*; by
 * asking for the next it says that it has finished it. As long as nothing interferes, handing out
 * a record is a handful of assignments. Whatever interferes (a rebalance, a seek, a pause, an
 * error, closing) calls `interrupt`, and the next call looks around first.
 *
 * Over 400 lines because records and batches are handed out of the same few fields, which nothing
 * outside may touch between two questions of the loop.
 */
export class Delivery<K, V> {
  readonly #buffer: FetchBuffer;
  readonly #maker: RecordMaker<K, V>;
  readonly #host: DeliveryHost;
  readonly #lane: DeliveryLane;
  readonly #bell: Bell;
  #current: FetchedPartition | undefined;
  /** The partition of what is at hand, and the record, unless it is a batch. */
  #atHand: PartitionState | undefined;
  #atHandView: RecordView | undefined;
  /** Whether records may be handed out without looking around. */
  #clear = false;
  #holds = 0;
  #isPolling = false;
  #isClosed = false;
  #failure: KafkaError | undefined;
  readonly #partitionFailures = new Map<
    PartitionState,
    { readonly error: KafkaError; readonly incarnation: number }
  >();
  #inTurn = 0;
  /** Counts the questions of the loop: standing still, it shows a loop that is busy or gone. */
  polls = 0;
  #lost: PartitionState | undefined;
  /** What `polls` was when it was lost: it is let go of with the next question. */
  #lostAt = 0;

  constructor(
    buffer: FetchBuffer,
    maker: RecordMaker<K, V>,
    host: DeliveryHost,
    lane: DeliveryLane = { bell: new Bell() },
  ) {
    this.#buffer = buffer;
    this.#maker = maker;
    this.#host = host;
    this.#lane = lane;
    this.#bell = lane.bell;
  }

  /** Whether the loop waits for records at this moment. */
  get isPolling(): boolean {
    return this.#isPolling;
  }

  /** The partition that the loop is working on. */
  get atHand(): PartitionState | undefined {
    return this.#atHand;
  }

  /** The partition being handed out, which other deliveries leave alone. */
  get current(): PartitionState | undefined {
    return this.#current?.state;
  }

  /** What ended the consumer. */
  get failure(): KafkaError | undefined {
    return this.#failure;
  }

  /** A loop over records. */
  records(): DeliveryIterator<ConsumerRecord<K, V>> {
    return this.#loop(() => this.#takeRecord());
  }

  /** A loop over batches. */
  batches(): DeliveryIterator<FetchedRun<K, V>> {
    return this.#loop(() => this.#takeRun());
  }

  /** Has the next call look around before it hands out anything. */
  interrupt(): void {
    this.#clear = false;
    this.#bell.ring();
  }

  /** New data has come. */
  ring(): void {
    this.#bell.ring();
  }

  /** Nothing is handed out until the returned function is called. */
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

  /** Resolves when it is true; looked at whenever the loop asks and after each interruption. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.#bell.wait();
  }

  /** The error ends the consumer: every further call fails with it. */
  fail(error: KafkaError): void {
    this.#failure ??= error;
    this.interrupt();
  }

  /** The error is thrown once, when the loop asks next; the partition stays where it is. */
  failPartition(state: PartitionState, error: KafkaError): void {
    this.#partitionFailures.set(state, { error, incarnation: state.incarnation });
    this.interrupt();
  }

  /** The partition of what the loop works on, which belongs to someone else now. */
  get lost(): PartitionState | undefined {
    return this.#lostAt === this.polls ? this.#lost : undefined;
  }

  /** What is at hand belongs to someone else now: finishing it means nothing. */
  abandon(): void {
    this.#lost = this.#atHand;
    this.#lostAt = this.polls;
    this.#letGo();
  }

  #letGo(): void {
    this.#atHand = undefined;
    this.#atHandView = undefined;
    this.interrupt();
  }

  /** Ends all loops at their next question. */
  close(): void {
    this.#isClosed = true;
    this.#current = undefined;
    this.interrupt();
  }

  /** As `close`, for one delivery among several: what is fetched goes back for the others. */
  retire(): void {
    this.#isClosed = true;
    this.#takeBack();
  }

  #loop<T>(take: () => T | undefined): DeliveryIterator<T> {
    return new DeliveryIterator({
      ready: () => {
        this.polls++;
        this.#finish();
        if (!this.#clear || this.#inTurn >= recordsPerTurn) return undefined;
        return take();
      },
      wait: () => this.#wait(take),
      left: () => this.#takeBack(),
    });
  }

  async #wait<T>(take: () => T | undefined): Promise<T | undefined> {
    this.#finish();
    this.#isPolling = true;
    this.#bell.ring();
    try {
      if (this.#inTurn >= recordsPerTurn) await new Promise<void>((run) => this.#host.soon(run));
      this.#inTurn = 0;
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#isClosed) return undefined;
        this.#host.asked();
        if (this.#lane.only?.isRetired === true) return undefined;
        this.#throwPartitionFailure();
        if (this.#holds === 0 && this.#lane.isHeld?.() !== true) {
          this.#settle();
          this.#clear = true;
          const item = take();
          if (item !== undefined) return item;
          const chunk = this.#current;
          if (chunk !== undefined && chunk.batch === undefined) {
            await this.#openAside(chunk);
            continue;
          }
        }
        // Nothing was awaited since the last look: no ring can have been missed.
        await this.#bell.wait();
      }
    } finally {
      this.#isPolling = false;
      this.polls++;
    }
  }

  /** The loop has asked for more: it is done with what it had. */
  #finish(): void {
    if (this.#atHand === undefined) return;
    this.#atHand.unfinished = -1;
    this.#atHand = undefined;
    this.#atHandView = undefined;
    if (!this.#clear) this.#bell.ring();
  }

  /** The loop was left: what it had at hand comes again, in the next loop or elsewhere. */
  #takeBack(): void {
    const state = this.#atHand;
    const view = this.#atHandView;
    if (state !== undefined && state.unfinished >= 0) {
      const current = this.#current;
      if (view !== undefined && current?.state === state && current.isCurrent) {
        current.stashed = view;
        state.position = view.offset;
        state.unfinished = -1;
      } else {
        state.moveTo({ offset: state.unfinished, leaderEpoch: -1 });
        this.#buffer.sweep();
        this.#host.drained();
      }
    }
    // Another loop may be the next to take it.
    const current = this.#current;
    this.#current = undefined;
    if (current?.isCurrent === true) this.#buffer.putBack(current);
    this.#lost = undefined;
    this.#letGo();
  }

  #throwPartitionFailure(): void {
    for (const [state, { error, incarnation }] of this.#partitionFailures) {
      this.#partitionFailures.delete(state);
      // A partition that was moved or taken away since has nothing to complain of.
      if (incarnation === state.incarnation) throw error;
    }
  }

  /** Lets go of what has become void, and sets aside what is paused. */
  #settle(): void {
    const current = this.#current;
    if (current === undefined) return;
    if (current.isCurrent && !current.state.paused) return;
    this.#current = undefined;
    if (current.isCurrent) this.#buffer.putBack(current);
  }

  /** The chunk to go on with, taking the next one where needed. */
  #chunk(): FetchedPartition | undefined {
    if (this.#current === undefined) {
      this.#current = this.#buffer.take(this.#lane.may);
      if (this.#current !== undefined) {
        this.#host.drained();
        // What was handed out before may be taken elsewhere, where it may have been waited for.
        this.#lane.released?.();
      }
    }
    return this.#current;
  }

  #takeRecord(): ConsumerRecord<K, V> | undefined {
    for (;;) {
      const chunk = this.#chunk();
      if (chunk === undefined) return undefined;
      const { batch, walk, state } = chunk;
      if (batch === undefined || walk === undefined) {
        const opened = this.#open(chunk);
        if (opened === 'later') return undefined;
        if (opened === undefined) advance(state, chunk.nextOffset);
        else start(chunk, opened);
        continue;
      }
      const view = chunk.stashed ?? this.#step(chunk, walk);
      chunk.stashed = undefined;
      if (view === undefined) {
        this.#passed(chunk, batch);
        continue;
      }
      const { offset } = view;
      if (offset < state.position) continue;
      // Until it is made the record stays in front: a key that cannot be read comes again.
      chunk.stashed = view;
      const record = this.#maker.make(state, view, batch.leaderEpoch);
      chunk.stashed = undefined;
      state.unfinished = offset;
      state.position = offset + 1;
      state.positionEpoch = batch.leaderEpoch;
      this.#atHand = state;
      this.#atHandView = view;
      this.#inTurn++;
      return record;
    }
  }

  #takeRun(): FetchedRun<K, V> | undefined {
    for (;;) {
      const chunk = this.#chunk();
      if (chunk === undefined) return undefined;
      const { state } = chunk;
      const batches: OpenBatch[] = [];
      let weight = 0;
      if (chunk.batch !== undefined) batches.push(chunk.batch);
      while (weight < runBytesMax) {
        const opened = this.#open(chunk);
        if (opened === 'later' && batches.length === 0) return undefined;
        if (opened === 'later' || opened === undefined) break;
        batches.push(opened);
        weight += opened.sizeInBytes * (opened.isCompressed ? compressedWeight : 1);
      }
      chunk.batch = undefined;
      chunk.walk = undefined;
      chunk.stashed = undefined;
      const last = batches.at(-1);
      if (last === undefined) {
        advance(state, chunk.nextOffset);
        continue;
      }
      const firstOffset = firstOffsetIn(batches, state.position);
      // Behind the last batch control batches may have been passed over.
      advance(state, chunk.nextOffset);
      state.positionEpoch = last.leaderEpoch;
      if (firstOffset === undefined) continue;
      state.unfinished = firstOffset;
      this.#atHand = state;
      this.#inTurn += state.position - firstOffset;
      const range = { firstOffset, nextOffset: state.position, endOffset: chunk.endOffset };
      return new FetchedRun(state, range, batches, (view, epoch) =>
        this.#maker.make(state, view, epoch),
      );
    }
  }

  /** Opens the next batch; at the end of the chunk it is let go. Damage drops the chunk. */
  #open(chunk: FetchedPartition): OpenBatch | 'later' | undefined {
    try {
      const opened = chunk.open();
      if (opened === undefined) this.#current = undefined;
      return opened;
    } catch (error) {
      if (!this.#skips(chunk, error)) throw this.#drop(chunk, error);
      // Fetched anew, or stepped over.
      return this.#current === chunk ? this.#open(chunk) : undefined;
    }
  }

  /**
   * Whether damage is dealt with here: the first time the bytes are fetched anew, for they may
   * have been damaged on the way; the second time the batch is stepped over and reported.
   */
  #skips(chunk: FetchedPartition, thrown: unknown): boolean {
    const error = asKafkaError(thrown);
    const isDamage = error.code === 'CORRUPT_MESSAGE' || error.code === 'DECOMPRESSION_FAILED';
    if (this.#host.skipped === undefined || !isDamage) return false;
    const { state } = chunk;
    const offset = error.context.offset ?? chunk.nextOffset;
    if (state.damagedAt === offset) {
      chunk.stepOver();
      this.#host.skipped(error);
      return true;
    }
    state.damagedAt = offset;
    this.#drop(chunk, error);
    this.#host.drained();
    return true;
  }

  /** Opens the next batch of the current chunk off the event loop. */
  async #openAside(chunk: FetchedPartition): Promise<void> {
    try {
      const opened = await chunk.openLater();
      if (opened !== undefined) start(chunk, opened);
    } catch (error) {
      if (this.#current !== chunk || !chunk.isCurrent || this.#skips(chunk, error)) return;
      throw this.#drop(chunk, error);
    }
  }

  #step(chunk: FetchedPartition, walk: Iterator<RecordView>): RecordView | undefined {
    try {
      const step = walk.next();
      return step.done === true ? undefined : step.value;
    } catch (error) {
      throw this.#drop(chunk, error);
    }
  }

  #passed(chunk: FetchedPartition, batch: OpenBatch): void {
    chunk.batch = undefined;
    chunk.walk = undefined;
    advance(chunk.state, batch.nextOffset);
    chunk.state.positionEpoch = batch.leaderEpoch;
  }

  /** The bytes are fetched anew when the loop asks again: they may have been damaged on the way. */
  #drop(chunk: FetchedPartition, error: unknown): KafkaError {
    const { state } = chunk;
    if (this.#current === chunk) this.#current = undefined;
    state.moveTo({ offset: state.position, leaderEpoch: -1 });
    this.#buffer.sweep();
    this.#clear = false;
    return this.#maker.about(state, asKafkaError(error));
  }
}

/** Gaps, control batches and aborted ones move the position, too. */
function advance(state: PartitionState, offset: number): void {
  state.position = Math.max(state.position, offset);
}

function start(chunk: FetchedPartition, batch: OpenBatch): void {
  chunk.batch = batch;
  chunk.walk = batch.records[Symbol.iterator]();
}
