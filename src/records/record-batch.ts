import { crc32c } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import {
  at,
  attribute,
  batchHeaderSize,
  int16At,
  int32At,
  int64At,
  lengthMin,
  logOverhead,
  recordSizeMin,
  sequenceAfter,
} from './batch-format.js';
import { RecordCursor, type RecordSource } from './batch-record.js';
import { decompress, decompressAsync, decompressedBytesMax } from './compression/codec.js';
import { type CompressionType, compressionTypeOf } from './compression/compression-type.js';
import type { RecordView, TimestampType } from './record.js';

export interface RecordsOptions {
  /** How many bytes the records may take once decompressed; default `decompressedBytesMax`. */
  readonly maxBytes?: number | undefined;
}

/**
 * A lazy view over one complete record batch of magic 2 inside a buffer (Kafka's
 * `DefaultRecordBatch`). Header fields are read when asked for; records are decompressed and
 * walked only by `records()`. The view copies nothing: it is valid as long as the buffer is.
 */
export class RecordBatch {
  readonly buffer: Buffer;
  readonly position: number;
  /** Bytes of the whole batch, from its base offset on. */
  readonly sizeInBytes: number;

  /**
   * Bytes of the batch (or of the older message) that begins at `position`, or undefined where
   * the buffer ends before it does. A length no batch can have fails with CORRUPT_MESSAGE.
   */
  static sizeAt(buffer: Buffer, position: number, end = buffer.length): number | undefined {
    if (end - position < logOverhead) return undefined;
    const length = int32At(buffer, position + at.batchLength);
    if (length < lengthMin) {
      throw corrupt(`a length of ${length} is below the smallest, ${lengthMin}`, position);
    }
    const size = logOverhead + length;
    return size <= end - position ? size : undefined;
  }

  /** The magic of the batch or message that begins at `position`, undefined where it is cut off. */
  static magicAt(buffer: Buffer, position: number): number | undefined {
    return position + at.magic < buffer.length ? buffer.readInt8(position + at.magic) : undefined;
  }

  /** Fails with CORRUPT_MESSAGE where no complete batch of magic 2 stands at `position`. */
  constructor(buffer: Buffer, position = 0) {
    const size = RecordBatch.sizeAt(buffer, position);
    if (size === undefined) throw corrupt('the batch is cut off', position);
    const magic = buffer.readInt8(position + at.magic);
    if (magic !== 2) throw corrupt(`its magic is ${magic} instead of 2`, position);
    if (size < batchHeaderSize) throw corrupt(`${size} bytes do not hold a header`, position);
    this.buffer = buffer;
    this.position = position;
    this.sizeInBytes = size;
  }

  get baseOffset(): number {
    return int64At(this.buffer, this.position + at.baseOffset);
  }

  /** The offset of the last record the batch was made with, even where compaction removed it. */
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  /** -1 where unknown. */
  get partitionLeaderEpoch(): number {
    return int32At(this.buffer, this.position + at.partitionLeaderEpoch);
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + at.magic);
  }

  /** The checksum that is written in the batch, unsigned. */
  get crc(): number {
    return int32At(this.buffer, this.position + at.crc) >>> 0;
  }

  get attributes(): number {
    return int16At(this.buffer, this.position + at.attributes);
  }

  /** Fails with UNSUPPORTED_COMPRESSION_TYPE for a number that names no codec. */
  get compression(): CompressionType {
    return compressionTypeOf(this.attributes & attribute.compressionMask);
  }

  get timestampType(): TimestampType {
    return this.attributes & attribute.logAppendTime ? 'LogAppendTime' : 'CreateTime';
  }

  get isTransactional(): boolean {
    return (this.attributes & attribute.transactional) !== 0;
  }

  /** Whether it holds a control record (a transaction marker, …) that no user must see. */
  get isControl(): boolean {
    return (this.attributes & attribute.control) !== 0;
  }

  /** Whether the base timestamp is the time from which compaction may drop tombstones (KIP-534). */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & attribute.deleteHorizon) !== 0;
  }

  get lastOffsetDelta(): number {
    return int32At(this.buffer, this.position + at.lastOffsetDelta);
  }

  get baseTimestamp(): number {
    return int64At(this.buffer, this.position + at.baseTimestamp);
  }

  get maxTimestamp(): number {
    return int64At(this.buffer, this.position + at.maxTimestamp);
  }

  /** -1 where the producer is not idempotent. */
  get producerId(): number {
    return int64At(this.buffer, this.position + at.producerId);
  }

  get producerEpoch(): number {
    return int16At(this.buffer, this.position + at.producerEpoch);
  }

  /** -1 where the producer is not idempotent, and in control batches. */
  get baseSequence(): number {
    return int32At(this.buffer, this.position + at.baseSequence);
  }

  /** The sequence of the last record; wraps from 2^31−1 to 0. */
  get lastSequence(): number {
    const first = this.baseSequence;
    return first < 0 ? first : sequenceAfter(first, this.lastOffsetDelta);
  }

  /** How many records the header claims. */
  get count(): number {
    return int32At(this.buffer, this.position + at.count);
  }

  /** The whole batch, as a view. */
  bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.sizeInBytes);
  }

  /** Whether the checksum fits the bytes. */
  isValid(): boolean {
    const end = this.position + this.sizeInBytes;
    return crc32c(this.buffer.subarray(this.position + at.attributes, end)) === this.crc;
  }

  /** Fails with CORRUPT_MESSAGE where the checksum does not fit the bytes. */
  ensureValid(): void {
    if (!this.isValid()) throw corrupt('its checksum does not fit its bytes', this.position);
  }

  /**
   * The records one after the other, each as a cheap view. Decompression is bounded by
   * `maxBytes` (DECOMPRESSION_TOO_LARGE); damaged data is DECOMPRESSION_FAILED, a record that does
   * not fit the batch INVALID_RECORD. The codec must have been loaded (`loadCodec`), otherwise
   * CODEC_MISSING. The checksum is not looked at: see `isValid`.
   */
  records(options: RecordsOptions = {}): Iterable<RecordView> {
    const type = this.compression;
    const stored = this.storedRecords();
    const limit = options.maxBytes ?? decompressedBytesMax;
    return this.#walk(type === 'none' ? stored : decompress(type, stored, limit));
  }

  /** As `records`, but loads the codec where needed and decompresses big batches off the loop. */
  async recordsAsync(options: RecordsOptions = {}): Promise<Iterable<RecordView>> {
    const type = this.compression;
    const stored = this.storedRecords();
    const limit = options.maxBytes ?? decompressedBytesMax;
    return this.#walk(type === 'none' ? stored : await decompressAsync(type, stored, limit));
  }

  /** The records section as it is stored, compressed or not, as a view. */
  storedRecords(): Buffer {
    const start = this.position + batchHeaderSize;
    return this.buffer.subarray(start, this.position + this.sizeInBytes);
  }

  #walk(section: Buffer): RecordIterator {
    const count = checkedCount(this, section.length);
    return new RecordIterator(section, count, {
      buffer: section,
      baseOffset: this.baseOffset,
      baseTimestamp: this.baseTimestamp,
      appendTime: this.timestampType === 'LogAppendTime' ? this.maxTimestamp : undefined,
    });
  }
}

/** The header's count of records, once it is known that the section can hold so many. */
export function checkedCount(batch: RecordBatch, sectionBytes: number): number {
  const { count } = batch;
  if (count >= 0 && count * recordSizeMin <= sectionBytes) return count;
  throw new KafkaError(
    'INVALID_RECORD',
    `A batch claims ${count} records in ${sectionBytes} bytes.`,
    { offset: batch.baseOffset },
  );
}

class RecordIterator implements IterableIterator<RecordView> {
  readonly #section: Buffer;
  readonly #count: number;
  readonly #source: RecordSource;
  readonly #cursor: RecordCursor;
  #done = 0;

  constructor(section: Buffer, count: number, source: RecordSource) {
    this.#section = section;
    this.#count = count;
    this.#source = source;
    this.#cursor = new RecordCursor(section, 0, section.length);
  }

  /** Every loop over the batch starts at its first record. */
  [Symbol.iterator](): IterableIterator<RecordView> {
    if (this.#done === 0) return this;
    return new RecordIterator(this.#section, this.#count, this.#source);
  }

  next(): IteratorResult<RecordView> {
    if (this.#done >= this.#count) {
      if (this.#cursor.remaining > 0) throw leftOver(this.#cursor.remaining, this.#count);
      return { done: true, value: undefined };
    }
    this.#done++;
    this.#cursor.next();
    return { done: false, value: this.#cursor.view(this.#source) };
  }
}

/**
 * The batches of a buffer one after the other, up to a cut one at the end, which a fetch response
 * may well have. Fails with CORRUPT_MESSAGE where something else than a batch of magic 2 stands.
 */
export function* batchesIn(buffer: Buffer, start = 0, end = buffer.length): Generator<RecordBatch> {
  let position = start;
  while (position < end) {
    const size = RecordBatch.sizeAt(buffer, position, end);
    if (size === undefined) return;
    yield new RecordBatch(buffer, position);
    position += size;
  }
}

export function leftOver(bytes: number, count: number): KafkaError {
  return new KafkaError('INVALID_RECORD', `${bytes} bytes are left behind ${count} records.`);
}

function corrupt(what: string, position: number): KafkaError {
  return new KafkaError('CORRUPT_MESSAGE', `The batch at byte ${position} is damaged: ${what}.`);
}
