import { drawUuid, type Random } from '../random.js';

/** Randomness that a seed repeats: sfc32, a small generator with a period of at least 2^32. */
export class SeededRandom implements Random {
  readonly seed: number;
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.seed = seed;
    this.#a = seed | 0;
    for (let i = 0; i < 15; i++) this.#next();
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#next() >>> 24;
    return bytes;
  }

  fraction(): number {
    return this.#next() / 4294967296;
  }

  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  uuid(): string {
    return drawUuid((length) => this.bytes(length));
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A generator of its own that this one's next number seeds. */
  fork(): SeededRandom {
    return new SeededRandom(this.#next());
  }
}
