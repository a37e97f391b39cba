import { KafkaError } from '../errors/index.js';

/** The largest buffer a Writer grows to: no Kafka frame is larger than an int32 can say. */
const capacityMax = 0x7fffffff;

/** Up to this capacity the buffer is a piece of Node's pool, which costs less to get. */
const pooledMax = 1024;

/**
 * A growing cursor that writes big-endian. `bytes()` gives the written range as a view into the
 * writer's own buffer: either copy it, or let go of the writer.
 *
 * With `gatherFrom`, `raw` does not copy from so many bytes on but remembers where they belong;
 * then `length` counts them, and `chunks()` gives everything, for a socket to write in one go.
 */
export class Writer {
  readonly #gatherFrom: number;
  readonly #gathered: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #gatheredBytes = 0;
  #buffer: Buffer;
  #view: DataView;
  /** The next byte to write; also the number of bytes written, without gathered ones. */
  position = 0;

  constructor(capacity = 256, gatherFrom = Infinity) {
    this.#gatherFrom = gatherFrom;
    this.#buffer =
      capacity <= pooledMax ? Buffer.allocUnsafe(capacity) : Buffer.allocUnsafeSlow(capacity);
    this.#view = viewOf(this.#buffer);
  }

  /**
   * Makes room for `length` more bytes, moves over them and returns where they begin. Growing
   * replaces buffer and view: look at them only after this call.
   */
  reserve(length: number): number {
    const start = this.position;
    const needed = start + length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.position = needed;
    return start;
  }

  #grow(needed: number): void {
    if (needed > capacityMax) {
      throw new KafkaError(
        'VALUE_OUT_OF_RANGE',
        `A message of ${needed} bytes does not fit a frame.`,
      );
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.position);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }

  int8(value: number): void {
    const at = this.reserve(1);
    this.#view.setInt8(at, value);
  }

  uint8(value: number): void {
    const at = this.reserve(1);
    this.#view.setUint8(at, value);
  }

  boolean(value: boolean): void {
    const at = this.reserve(1);
    this.#view.setUint8(at, value ? 1 : 0);
  }

  int16(value: number): void {
    const at = this.reserve(2);
    this.#view.setInt16(at, value);
  }

  uint16(value: number): void {
    const at = this.reserve(2);
    this.#view.setUint16(at, value);
  }

  int32(value: number): void {
    const at = this.reserve(4);
    this.#view.setInt32(at, value);
  }

  uint32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) {
      throw new KafkaError(
        'VALUE_OUT_OF_RANGE',
        `${value} is not an int64 that a number can hold.`,
      );
    }
    const at = this.reserve(8);
    this.#view.setInt32(at, Math.floor(value / 4294967296));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  int64Exact(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigInt64(at, value);
  }

  float64(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** An unsigned varint (lengths, counts, tags). */
  uvarint(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.uint8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.uint8(rest);
  }

  /** A zigzag varint (record fields). */
  varint(value: number): void {
    this.uvarint((value << 1) ^ (value >> 31));
  }

  /** A zigzag varint of an int64 that a number can hold (timestamp deltas). */
  varlong(value: number): void {
    if (value >= -0x40000000 && value < 0x40000000) {
      this.varint(value);
      return;
    }
    let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
    while (rest > 0x7fn) {
      this.uint8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.uint8(Number(rest));
  }

  /** The bytes as they are, without a length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length >= this.#gatherFrom) {
      this.#gathered.push({ at: this.position, bytes });
      this.#gatheredBytes += bytes.length;
      return;
    }
    const at = this.reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** UTF-8 text without a length; `byteLength` as `Buffer.byteLength` gives it. */
  utf8(text: string, byteLength: number): void {
    const at = this.reserve(byteLength);
    if (byteLength === text.length && byteLength < 24) {
      for (let i = 0; i < byteLength; i++) this.#buffer[at + i] = text.charCodeAt(i);
    } else {
      this.#buffer.write(text, at, byteLength, 'utf8');
    }
  }

  /** 22 characters of base64url as 16 raw bytes. */
  uuid(text: string): void {
    const at = this.reserve(16);
    if (text.length !== 22 || this.#buffer.write(text, at, 16, 'base64url') !== 16) {
      throw new KafkaError('VALUE_OUT_OF_RANGE', `'${text}' is not a uuid of 22 characters.`);
    }
  }

  /** Overwrites an int32 written before, such as a length that is known only now. */
  patchInt32(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  patchUint32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }

  /** What was written, as a view into the writer's buffer. Not for a writer that gathers. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.position);
  }

  /** Bytes written, with those that were gathered. */
  get length(): number {
    return this.position + this.#gatheredBytes;
  }

  /** What was written, in order, with gathered bytes as they were given. */
  chunks(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#gathered) {
      if (at > from) chunks.push(this.#buffer.subarray(from, at));
      chunks.push(bytes);
      from = at;
    }
    if (this.position > from) chunks.push(this.#buffer.subarray(from, this.position));
    return chunks;
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.position = 0;
    this.#gathered.length = 0;
    this.#gatheredBytes = 0;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
