import { KafkaError } from '../errors/index.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * A cursor over received bytes, big-endian as everything in Kafka. Every read is checked against
 * the end once and fails with MALFORMED_MESSAGE; lengths from the wire are compared with what
 * remains before anything is allocated. Byte ranges are views into the given buffer: copy what
 * must outlive it.
 */
export class Reader {
  readonly buffer: Buffer;
  readonly #view: DataView;
  /** The next byte to read. */
  position: number;
  /** One past the last readable byte. */
  readonly end: number;

  constructor(buffer: Buffer, start = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves over `length` bytes and returns where they began. */
  #take(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.end - start) throw truncated(length, this.end - start);
    this.position = start + length;
    return start;
  }

  skip(length: number): void {
    this.#take(length);
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  boolean(): boolean {
    return this.#view.getUint8(this.#take(1)) !== 0;
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** An int64 as a number; beyond ±(2^53−1) it fails with VALUE_OUT_OF_RANGE. */
  int64(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * 4294967296 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(value)) throw unsafe(this.#view.getBigInt64(at));
    return value;
  }

  int64Exact(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** An unsigned varint of at most five bytes (lengths, counts, tags). */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new KafkaError('MALFORMED_MESSAGE', 'A varint runs over five bytes.');
  }

  /** A zigzag varint of at most five bytes (record fields). */
  varint(): number {
    const raw = this.uvarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag varint of at most ten bytes (timestamp deltas), as a checked number. */
  varlong(): number {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    let raw = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#view.getUint8(this.#take(1));
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const value = BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
        if (!Number.isSafeInteger(Number(value))) throw unsafe(value);
        return Number(value);
      }
    }
    throw new KafkaError('MALFORMED_MESSAGE', 'A varint runs over ten bytes.');
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** `length` bytes as UTF-8 text. */
  utf8(length: number): string {
    const start = this.#take(length);
    if (length < 64) return shortText(this.buffer, start, start + length);
    return this.buffer.toString('utf8', start, start + length);
  }

  /** 16 raw bytes as the text Kafka prints: base64url without padding, 22 characters. */
  uuid(): string {
    const start = this.#take(16);
    return this.buffer.toString('base64url', start, start + 16);
  }

  /** Fails when bytes are left. */
  expectEnd(): void {
    if (this.position !== this.end) {
      throw new KafkaError(
        'MALFORMED_MESSAGE',
        `${this.remaining} bytes are left after the message.`,
      );
    }
  }
}

/** Short ASCII text is cheaper to build in JavaScript than by a call into the engine. */
function shortText(buffer: Buffer, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = buffer[at] as number;
    if (byte > 0x7f) return utf8.decode(buffer.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

function truncated(wanted: number, left: number): KafkaError {
  return new KafkaError('MALFORMED_MESSAGE', `${wanted} bytes are wanted where ${left} are left.`);
}

function unsafe(value: bigint): KafkaError {
  return new KafkaError('VALUE_OUT_OF_RANGE', `The int64 ${value} is beyond ±(2^53−1).`);
}
