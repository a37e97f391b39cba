import { KafkaError } from '../errors/index.js';
import type { RecordHeader, RecordView } from './record.js';

/** What all records of one batch share. */
export interface RecordSource {
  /** The records section, decompressed. */
  readonly buffer: Buffer;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** Set where the topic uses LogAppendTime: every record then has this timestamp. */
  readonly appendTime: number | undefined;
}

const noHeaders: readonly RecordHeader[] = [];

/**
 * One record of a batch, as positions into its bytes. Key, value and headers become objects when
 * they are first asked for.
 */
export class BatchRecord implements RecordView {
  readonly #source: RecordSource;
  readonly #offsetDelta: number;
  readonly #timestampDelta: number;
  readonly #keyStart: number;
  readonly #keyLength: number;
  readonly #valueStart: number;
  readonly #valueLength: number;
  readonly #headersStart: number;
  readonly sizeInBytes: number;
  #key: Buffer | null | undefined;
  #value: Buffer | null | undefined;
  #headers: readonly RecordHeader[] | undefined;

  /** Made by `RecordCursor`, which has checked every position. */
  constructor(
    source: RecordSource,
    offsetDelta: number,
    timestampDelta: number,
    keyStart: number,
    keyLength: number,
    valueStart: number,
    valueLength: number,
    headersStart: number,
    sizeInBytes: number,
  ) {
    this.#source = source;
    this.#offsetDelta = offsetDelta;
    this.#timestampDelta = timestampDelta;
    this.#keyStart = keyStart;
    this.#keyLength = keyLength;
    this.#valueStart = valueStart;
    this.#valueLength = valueLength;
    this.#headersStart = headersStart;
    this.sizeInBytes = sizeInBytes;
  }

  get offset(): number {
    return this.#source.baseOffset + this.#offsetDelta;
  }

  get timestamp(): number {
    return this.#source.appendTime ?? this.#source.baseTimestamp + this.#timestampDelta;
  }

  get key(): Buffer | null {
    this.#key ??= slice(this.#source.buffer, this.#keyStart, this.#keyLength);
    return this.#key;
  }

  get value(): Buffer | null {
    this.#value ??= slice(this.#source.buffer, this.#valueStart, this.#valueLength);
    return this.#value;
  }

  get headers(): readonly RecordHeader[] {
    this.#headers ??= headersAt(this.#source.buffer, this.#headersStart);
    return this.#headers;
  }

  /** The record as a plain object, for printing and `JSON.stringify`. */
  toJSON(): object {
    const { offset, timestamp, key, value, headers } = this;
    return { offset, timestamp, key, value, headers };
  }
}

// Functions rather than private methods, which would cost every record a mark of its class.

function slice(buffer: Buffer, start: number, length: number): Buffer | null {
  return length < 0 ? null : buffer.subarray(start, start + length);
}

function headersAt(buffer: Buffer, start: number): readonly RecordHeader[] {
  if (buffer[start] === 0) return noHeaders;
  const cursor = new Varints(buffer, start);
  const count = cursor.next();
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const keyLength = cursor.next();
    const keyStart = cursor.position;
    cursor.position += keyLength;
    const key = buffer.toString('utf8', keyStart, cursor.position);
    const valueLength = cursor.next();
    const value = slice(buffer, cursor.position, valueLength);
    if (valueLength > 0) cursor.position += valueLength;
    headers.push({ key, value });
  }
  return headers;
}

/** Reads zigzag varints one after the other; a read past the end of the buffer is an error. */
class Varints {
  readonly #buffer: Buffer;
  position: number;

  constructor(buffer: Buffer, position: number) {
    this.#buffer = buffer;
    this.position = position;
  }

  next(): number {
    const buffer = this.#buffer;
    let byte = buffer[this.position++];
    if (byte !== undefined && byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let raw = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (byte === undefined) break;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
      byte = buffer[this.position++];
    }
    throw new KafkaError('INVALID_RECORD', `A varint is cut or too long at byte ${this.position}.`);
  }
}

/**
 * Walks over the records of a batch. `next()` moves to the next record and checks that every
 * length stays inside it; the fields then describe that record until the next call. It creates
 * no object, so checks of a whole batch can use it as it is.
 */
export class RecordCursor {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #varints: Varints;
  offsetDelta = 0;
  timestampDelta = 0;
  keyStart = 0;
  /** -1 where the record has no key. */
  keyLength = 0;
  valueStart = 0;
  /** -1 where the record has no value. */
  valueLength = 0;
  /** Where the header count stands. */
  headersStart = 0;
  sizeInBytes = 0;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#end = end;
    this.#varints = new Varints(buffer, start);
  }

  /** Bytes behind the current record. */
  get remaining(): number {
    return this.#end - this.#varints.position;
  }

  /** Moves to the next record; fails with INVALID_RECORD where there is none, or a damaged one. */
  next(): void {
    const varints = this.#varints;
    const start = varints.position;
    if (start >= this.#end) throw invalid('the batch ends before its count of records', start);
    const length = varints.next();
    const end = varints.position + length;
    if (length < 0 || end > this.#end) throw invalid(`its length is ${length}`, start);
    this.sizeInBytes = end - start;
    varints.position++; // attributes: none are defined
    this.timestampDelta = this.#varlong();
    this.offsetDelta = varints.next();
    this.keyLength = varints.next();
    this.keyStart = varints.position;
    if (this.keyLength > 0) varints.position += this.keyLength;
    if (varints.position > end) throw invalid(`its key has ${this.keyLength} bytes`, start);
    this.valueLength = varints.next();
    this.valueStart = varints.position;
    if (this.valueLength > 0) varints.position += this.valueLength;
    if (varints.position > end) throw invalid(`its value has ${this.valueLength} bytes`, start);
    this.headersStart = varints.position;
    const headers = varints.next();
    if (headers !== 0) this.#passHeaders(headers, end, start);
    if (varints.position !== end) {
      throw invalid(`its fields end at byte ${varints.position}, the record at ${end}`, start);
    }
    if (this.keyLength < -1 || this.valueLength < -1) throw invalid('a length is below -1', start);
  }

  #passHeaders(count: number, end: number, start: number): void {
    const varints = this.#varints;
    // A header takes two bytes at least: a larger count cannot be true.
    if (count < 0 || count * 2 > end - varints.position) {
      throw invalid(`it claims ${count} headers`, start);
    }
    for (let i = 0; i < count; i++) {
      const keyLength = varints.next();
      if (keyLength < 0) throw invalid('a header has no key', start);
      varints.position += keyLength;
      if (varints.position > end) throw invalid('a header is longer than the record', start);
      const valueLength = varints.next();
      if (valueLength < -1) throw invalid('a length is below -1', start);
      if (valueLength > 0) varints.position += valueLength;
      if (varints.position > end) throw invalid('a header is longer than the record', start);
    }
  }

  #varlong(): number {
    const varints = this.#varints;
    const buffer = this.#buffer;
    const first = buffer[varints.position] as number;
    if (first < 0x80) {
      varints.position++;
      return (first >>> 1) ^ -(first & 1);
    }
    // Two halves of 28 bits: a zigzag value of 54 bits would not fit a double as a whole.
    let low = 0;
    let high = 0;
    for (let i = 0; i < 8; i++) {
      const byte = buffer[varints.position + i];
      if (byte === undefined) break;
      if (i < 4) low |= (byte & 0x7f) << (7 * i);
      else high |= (byte & 0x7f) << (7 * (i - 4));
      if (byte >= 0x80) continue;
      const magnitude = high * 0x8000000 + (low >>> 1);
      if (magnitude > Number.MAX_SAFE_INTEGER) break;
      varints.position += i + 1;
      return low & 1 ? -magnitude - 1 : magnitude;
    }
    throw invalid('its timestamp is cut or beyond ±(2^53−1)', varints.position);
  }

  /** The current record as an object of its own. */
  view(source: RecordSource): BatchRecord {
    return new BatchRecord(
      source,
      this.offsetDelta,
      this.timestampDelta,
      this.keyStart,
      this.keyLength,
      this.valueStart,
      this.valueLength,
      this.headersStart,
      this.sizeInBytes,
    );
  }
}

function invalid(what: string, position: number): KafkaError {
  return new KafkaError(
    'INVALID_RECORD',
    `The record at byte ${position} of the batch's records is damaged: ${what}.`,
  );
}
