/** How many ids are reserved in the journal at a time, as in Kafka (`ProducerIdsBlock`). */
const blockSize = 1000;

/**
 * Hands out producer ids, each once. A block of ids is written down before its first id is given
 * away; what a crash leaves unused of a block is lost, never given twice.
 */
export class ProducerIds {
  #next: number;
  #end: number;
  readonly #reserve: (end: number) => Promise<void>;
  #reserving: Promise<void> | undefined;

  /** `reserve` makes it durable that ids below `end` may be in use. */
  constructor(firstFree: number, reserve: (end: number) => Promise<void>) {
    this.#next = firstFree;
    this.#end = firstFree;
    this.#reserve = reserve;
  }

  async next(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#reserving ??= this.#reserveBlock();
      await this.#reserving;
    }
    return this.#next++;
  }

  async #reserveBlock(): Promise<void> {
    try {
      const end = this.#end + blockSize;
      await this.#reserve(end);
      this.#end = end;
    } finally {
      this.#reserving = undefined;
    }
  }
}
