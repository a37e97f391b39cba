/** Blocks begin small, so that thousands of quiet logs take little, and double up to this. */
const blockBytesMax = 256 * 1024;
const blockBytesMin = 4 * 1024;

interface Block {
  readonly bytes: Buffer;
  readonly firstOffset: number;
  /** Offset after the last batch in it. */
  nextOffset: number;
  used: number;
  readonly tail: LogTail;
}

/** The most recent batches of all logs of a directory, within one limit of bytes. */
export class TailCache {
  readonly bytesMax: number;
  #bytes = 0;
  /** All blocks, oldest first; each log's blocks are in order in it. */
  readonly #blocks = new Set<Block>();

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  tail(): LogTail {
    return new LogTail(this);
  }

  add(block: Block): void {
    this.#blocks.add(block);
    this.#bytes += block.bytes.length;
    for (const oldest of this.#blocks) {
      if (this.#bytes <= this.bytesMax) break;
      oldest.tail.drop(oldest);
    }
  }

  remove(block: Block): void {
    if (this.#blocks.delete(block)) this.#bytes -= block.bytes.length;
  }
}

export interface TailRead {
  readonly chunks: Buffer[];
  readonly bytes: number;
  readonly baseOffset: number;
}

/**
 * The end of one log in memory: batches back to back in blocks, whole batches per block. Bytes in
 * a block never change once written, so readers get views of it.
 */
export class LogTail {
  readonly #cache: TailCache;
  readonly #blocks: Block[] = [];

  constructor(cache: TailCache) {
    this.#cache = cache;
  }

  /** Copies the bytes of whole batches that continue the log. */
  append(bytes: Buffer, firstOffset: number, nextOffset: number): void {
    if (bytes.length > this.#cache.bytesMax >> 1) {
      this.clear();
      return;
    }
    let block = this.#blocks.at(-1);
    if (block === undefined || block.bytes.length - block.used < bytes.length) {
      block = this.#newBlock(bytes.length, firstOffset, block?.bytes.length ?? 0);
    }
    block.bytes.set(bytes, block.used);
    block.used += bytes.length;
    block.nextOffset = nextOffset;
  }

  #newBlock(needed: number, firstOffset: number, before: number): Block {
    const wished = Math.min(blockBytesMax, Math.max(blockBytesMin, before * 2));
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, wished));
    const block = { bytes, firstOffset, nextOffset: firstOffset, used: 0, tail: this as LogTail };
    this.#blocks.push(block);
    this.#cache.add(block);
    return block;
  }

  /**
   * Batches from the one that holds `offset`, below `upTo`, within `maxBytes`; the first may be
   * larger if `minOneBatch`. Undefined where the tail does not reach back so far.
   */
  read(offset: number, maxBytes: number, upTo: number, minOneBatch: boolean): TailRead | undefined {
    const first = this.#blocks[0];
    if (first === undefined || offset < first.firstOffset) return undefined;
    let at = this.#blocks.findIndex((block) => offset < block.nextOffset);
    let block = this.#blocks[at];
    if (block === undefined) return undefined;
    let start = positionOf(block, offset);
    const baseOffset = Number(block.bytes.readBigInt64BE(start));
    const firstBytes = sizeAt(block.bytes, start);
    if (firstBytes > maxBytes && !minOneBatch) return { chunks: [], bytes: 0, baseOffset: offset };
    let left = Math.max(maxBytes, firstBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    while (block !== undefined && left > 0 && block.firstOffset < upTo) {
      const stop = block.nextOffset <= upTo ? block.used : positionOf(block, upTo);
      const end = Math.min(stop, start + left);
      if (end > start) chunks.push(block.bytes.subarray(start, end));
      bytes += end - start;
      left -= end - start;
      at += 1;
      block = this.#blocks[at];
      start = 0;
    }
    return { chunks, bytes, baseOffset };
  }

  /** Forgets everything, as when the log is cut or deleted. */
  clear(): void {
    for (const block of this.#blocks) this.#cache.remove(block);
    this.#blocks.length = 0;
  }

  /** Forgets blocks that begin below the offset: compaction has changed what stands there. */
  dropBelow(offset: number): void {
    for (const block of [...this.#blocks]) if (block.firstOffset < offset) this.drop(block);
  }

  /** Called for the oldest block of this log when the cache is full. */
  drop(block: Block): void {
    this.#cache.remove(block);
    this.#blocks.splice(this.#blocks.indexOf(block), 1);
  }
}

/** Where the batch begins that holds the offset; batches lie back to back. */
function positionOf(block: Block, offset: number): number {
  let position = 0;
  while (position < block.used) {
    const last =
      Number(block.bytes.readBigInt64BE(position)) + block.bytes.readInt32BE(position + 23);
    if (last >= offset) return position;
    position += sizeAt(block.bytes, position);
  }
  return position;
}

function sizeAt(bytes: Buffer, position: number): number {
  return 12 + bytes.readInt32BE(position + 8);
}
