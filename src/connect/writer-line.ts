import type { SinkWriter } from './sink.js';

/**
 * Whose turn it is with the writer of a task. Where the sink allows it, writes of different
 * partitions go beside each other; everything else has the writer to itself.
 */
export class WriterLine {
  readonly #writer: SinkWriter;
  readonly #isShared: boolean;
  /** Settles when what has the writer to itself is done. */
  #alone: Promise<unknown> = Promise.resolve();
  /** Settle when the writes under way are done. */
  readonly #writes = new Set<Promise<unknown>>();

  constructor(writer: SinkWriter, partitionsAtOnce: number) {
    this.#writer = writer;
    this.#isShared = partitionsAtOnce > 1;
  }

  /** Once every write that was begun before is over. */
  alone<T>(use: (writer: SinkWriter) => Promise<T>): Promise<T> {
    const turn = Promise.all([this.#alone, ...this.#writes]).then(() => use(this.#writer));
    this.#alone = settled(turn);
    return turn;
  }

  /** Once nothing has the writer to itself. */
  write<T>(use: (writer: SinkWriter) => Promise<T>): Promise<T> {
    if (!this.#isShared) return this.alone(use);
    const turn = this.#alone.then(() => use(this.#writer));
    const over = settled(turn);
    this.#writes.add(over);
    void over.then(() => this.#writes.delete(over));
    return turn;
  }
}

function settled(turn: Promise<unknown>): Promise<unknown> {
  return turn.catch(() => undefined);
}
