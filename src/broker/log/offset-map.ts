/** What an entry takes besides its key: the string's header, the map's slot and the number. */
const entryOverheadBytes = 100;
/** A JavaScript map takes no more than 2^24 entries. */
const entriesMax = 8_000_000;

/**
 * The latest offset of each key in the part of a log that compaction reads (Kafka's `OffsetMap`).
 * Keys are kept whole, so no two of them can be mistaken for each other. Takes about `bytesMax`
 * bytes; what finds no room is left to the next round.
 */
export class OffsetMap {
  readonly #bytesMax: number;
  readonly #offsets = new Map<string, number>();
  #bytes = 0;
  /** The last offset the map speaks for; what comes behind it is kept as it is. */
  latestOffset = -1;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#offsets.size;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax || this.#offsets.size >= entriesMax;
  }

  put(key: Buffer, offset: number): void {
    const text = key.toString('latin1');
    const before = this.#offsets.size;
    this.#offsets.set(text, offset);
    if (this.#offsets.size > before) this.#bytes += key.length + entryOverheadBytes;
  }

  /** -1 for a key that was not seen. */
  get(key: Buffer): number {
    return this.#offsets.get(key.toString('latin1')) ?? -1;
  }
}
