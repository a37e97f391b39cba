import { KafkaError } from '../errors/index.js';

/**
 * What a frame's announced length may cost before any of its bytes has come. A larger frame gets
 * a buffer that grows as the bytes arrive; what is not written to yet is only promised memory.
 */
const firstAllocation = 1 << 20;
const growth = 8;

const lengthSize = 4;
/** With so much still to come of a frame, its bytes are worth being received where they belong. */
const directFrom = 65_536;

/**
 * Cuts a stream of chunks into frames: an int32 length, then as many bytes. Each frame is handed
 * out in a buffer of its own, without its length, so the chunk may be reused once `push` returns.
 * Who asks for `space` before receiving, and pushes what came to lie there, saves the copy.
 *
 * A length of zero or below fails with MALFORMED_MESSAGE, one above `maxFrameBytes` with
 * FRAME_TOO_LARGE; the stream cannot be followed after that, and every later `push` fails too.
 */
export class FrameCutter {
  readonly #maxFrameBytes: number;
  readonly #length = Buffer.alloc(lengthSize);
  /** How many bytes of the length have come; `lengthSize` while a frame is being collected. */
  #lengthFilled = 0;
  #frame: Buffer | undefined;
  #frameLength = 0;
  #frameFilled = 0;
  #failure: KafkaError | undefined;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of an unfinished frame that are being kept. */
  get buffered(): number {
    return this.#frame === undefined ? this.#lengthFilled : lengthSize + this.#frameFilled;
  }

  /**
   * Where the next bytes of the stream belong, when a large part of a frame is missing: the first
   * ones may be put there and then pushed. It holds no byte of the frame behind.
   */
  get space(): Buffer | undefined {
    if (this.#frame === undefined || this.#frameLength - this.#frameFilled < directFrom) return;
    const frame = this.#withRoom(this.#frame, this.#frameFilled + 1);
    this.#frame = frame;
    return frame.subarray(this.#frameFilled);
  }

  /** Takes the next bytes of the stream and hands out every frame that they complete. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthFilled < lengthSize) {
        at = this.#takeLength(chunk, at);
        continue;
      }
      at = this.#takeBody(chunk, at);
      if (this.#frameFilled === this.#frameLength) {
        const frame = this.#frame as Buffer;
        this.#frame = undefined;
        this.#lengthFilled = 0;
        this.#frameFilled = 0;
        onFrame(frame);
      }
    }
  }

  #takeLength(chunk: Buffer, at: number): number {
    const taken = Math.min(lengthSize - this.#lengthFilled, chunk.length - at);
    chunk.copy(this.#length, this.#lengthFilled, at, at + taken);
    this.#lengthFilled += taken;
    if (this.#lengthFilled === lengthSize) this.#begin(this.#length.readInt32BE(0));
    return at + taken;
  }

  #begin(length: number): void {
    if (length <= 0) {
      throw this.#fail(new KafkaError('MALFORMED_MESSAGE', `A frame of ${length} bytes is none.`));
    }
    if (length > this.#maxFrameBytes) {
      throw this.#fail(
        new KafkaError(
          'FRAME_TOO_LARGE',
          `A frame of ${length} bytes is announced; the limit is ${this.#maxFrameBytes}.`,
        ),
      );
    }
    this.#frameLength = length;
    this.#frameFilled = 0;
    this.#frame = Buffer.allocUnsafe(Math.min(length, firstAllocation));
  }

  #takeBody(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#frameLength - this.#frameFilled, chunk.length - at);
    const frame = this.#withRoom(this.#frame as Buffer, this.#frameFilled + taken);
    const isThere =
      chunk.buffer === frame.buffer &&
      chunk.byteOffset + at === frame.byteOffset + this.#frameFilled;
    if (!isThere) chunk.copy(frame, this.#frameFilled, at, at + taken);
    this.#frame = frame;
    this.#frameFilled += taken;
    return at + taken;
  }

  #withRoom(frame: Buffer, needed: number): Buffer {
    if (needed <= frame.length) return frame;
    const larger = Buffer.allocUnsafeSlow(
      Math.min(this.#frameLength, Math.max(needed, frame.length * growth)),
    );
    frame.copy(larger, 0, 0, this.#frameFilled);
    return larger;
  }

  #fail(error: KafkaError): KafkaError {
    this.#failure = error;
    this.#frame = undefined;
    return error;
  }
}
