const chunkBytes = 64 * 1024;
const firstChunkBytes = 512;

/**
 * The content of a file in memory: chunks of 64 KiB, the first of which grows from 512 bytes so
 * that many small files stay small. What was never written reads as zeros and takes no room.
 */
export class SparseBytes {
  #chunks: (Buffer | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.#size - position));
    let done = 0;
    while (done < length) {
      const at = position + done;
      const inChunk = at % chunkBytes;
      const piece = Math.min(length - done, chunkBytes - inChunk);
      const chunk = this.#chunks[(at - inChunk) / chunkBytes];
      const there = Math.max(0, Math.min(piece, (chunk?.length ?? 0) - inChunk));
      if (chunk !== undefined && there > 0) {
        target.set(chunk.subarray(inChunk, inChunk + there), done);
      }
      target.fill(0, done + there, done + piece);
      done += piece;
    }
    return length;
  }

  write(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      const at = position + done;
      const inChunk = at % chunkBytes;
      const piece = Math.min(bytes.length - done, chunkBytes - inChunk);
      const chunk = this.#chunk((at - inChunk) / chunkBytes, inChunk + piece);
      chunk.set(bytes.subarray(done, done + piece), inChunk);
      done += piece;
    }
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  truncate(size: number): void {
    if (size < this.#size) {
      const inChunk = size % chunkBytes;
      const index = (size - inChunk) / chunkBytes;
      this.#chunks.length = Math.min(this.#chunks.length, inChunk === 0 ? index : index + 1);
      this.#chunks[index]?.fill(0, inChunk);
    }
    this.#size = size;
  }

  copy(): SparseBytes {
    const copy = new SparseBytes();
    copy.#chunks = this.#chunks.map((chunk) => chunk && Buffer.from(chunk));
    copy.#size = this.#size;
    return copy;
  }

  #chunk(index: number, needed: number): Buffer {
    const chunk = this.#chunks[index];
    if (chunk !== undefined && chunk.length >= needed) return chunk;
    let capacity = index === 0 ? Math.max(firstChunkBytes, chunk?.length ?? 0) : chunkBytes;
    while (capacity < needed) capacity *= 2;
    const larger = Buffer.alloc(Math.min(capacity, chunkBytes));
    chunk?.copy(larger);
    while (this.#chunks.length <= index) this.#chunks.push(undefined);
    this.#chunks[index] = larger;
    return larger;
  }
}
