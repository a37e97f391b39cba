import { crc32c, sizeOfVarint } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import {
  at,
  attribute,
  batchHeaderSize,
  logOverhead,
  setInt16,
  setInt32,
  setInt64,
} from './batch-format.js';
import { compress, compressAsync } from './compression/codec.js';
import { type CompressionType, compressionId } from './compression/compression-type.js';
import type { RecordInput, TimestampType } from './record.js';
import { sizeOfRecordBody } from './record-size.js';
import { writeRecord } from './record-writer.js';

export interface RecordBatchBuilderOptions {
  /** Default `none`. */
  readonly compression?: CompressionType | undefined;
  /** See `compress`. */
  readonly compressionLevel?: number | undefined;
  /** Default `CreateTime`. */
  readonly timestampType?: TimestampType | undefined;
  /** The timestamp of all records under `LogAppendTime`. */
  readonly logAppendTime?: number | undefined;
  /** Default 0; a broker sets the real one. */
  readonly baseOffset?: number | undefined;
  /** Default -1. */
  readonly partitionLeaderEpoch?: number | undefined;
  readonly producer?: ProducerFields | undefined;
  readonly isControl?: boolean | undefined;
  /**
   * From this estimated size of the whole batch on, a further record finds no room; the first one
   * always does. Default: what an int32 can say.
   */
  readonly sizeLimit?: number | undefined;
  /**
   * What is left of 1 byte after compression, as far as known (see `compressionRatio`), between 0
   * and 1; the size limit is compared with the estimate that follows from it. Default 1.
   */
  readonly compressionRatio?: number | undefined;
  /** Bytes to begin with, such as those of the batch before; it grows all the same. Default 512. */
  readonly capacity?: number | undefined;
  /**
   * The time from which compaction may drop the tombstones of the batch (KIP-534); it takes the
   * place of the base timestamp. Default: none is set.
   */
  readonly deleteHorizonMs?: number | undefined;
  /** What the header names as last offset, where compaction removed the record that had it. */
  readonly lastOffset?: number | undefined;
}

/** What an idempotent producer writes into a batch; -1 each for none. */
export interface ProducerFields {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional?: boolean | undefined;
}

const int32Max = 0x7fffffff;
const capacityMin = 512;
const noProducer: ProducerFields = { producerId: -1, producerEpoch: -1, baseSequence: -1 };

/**
 * Builds one record batch. Records are encoded as they come, behind 61 bytes kept free for the
 * header; `build` compresses what has to be, fills in the header and computes the checksum. The
 * result is made once: building again gives the same bytes, so a retry is identical.
 */
export class RecordBatchBuilder {
  readonly compression: CompressionType;
  readonly #options: RecordBatchBuilderOptions;
  readonly #sizeLimit: number;
  readonly #ratio: number;
  #producer: ProducerFields;
  #buffer: Buffer;
  #end: number = batchHeaderSize;
  #count = 0;
  #baseTimestamp = -1;
  #maxTimestamp = -1;
  #lastOffsetDelta = -1;
  #built: Buffer | undefined;
  #building: Promise<Buffer> | undefined;

  constructor(options: RecordBatchBuilderOptions = {}) {
    this.#options = options;
    this.compression = options.compression ?? 'none';
    this.#sizeLimit = options.sizeLimit ?? int32Max;
    this.#ratio = this.compression === 'none' ? 1 : (options.compressionRatio ?? 1);
    this.#producer = options.producer ?? noProducer;
    this.#baseTimestamp = options.deleteHorizonMs ?? -1;
    const capacity = Math.min(options.capacity ?? capacityMin, this.#capacityMax());
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, capacityMin));
  }

  /** How many records it holds. */
  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Bytes of the batch as far as appended, before compression. */
  get uncompressedSize(): number {
    return this.#end;
  }

  /** Bytes of the batch: exact once built or without compression, an estimate before. */
  get sizeInBytes(): number {
    return this.#built?.length ?? this.#estimate(this.#end);
  }

  /** What compression left of each byte of records; 1 before the batch is built. */
  get compressionRatio(): number {
    if (this.#built === undefined || this.#count === 0) return 1;
    return (this.#built.length - batchHeaderSize) / (this.#end - batchHeaderSize);
  }

  /** The largest timestamp appended, -1 for none. */
  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Whether it has been built (or is being built) and takes no more records. */
  get isClosed(): boolean {
    return this.#built !== undefined || this.#building !== undefined;
  }

  /**
   * Appends a record and returns its offset relative to the batch, or undefined where the batch
   * has no room for it or is closed.
   */
  append(record: RecordInput): number | undefined {
    return this.#append(record, this.#lastOffsetDelta + 1);
  }

  /** Appends with an absolute offset above all before; compaction and conversion leave gaps. */
  appendAt(offset: number, record: RecordInput): number | undefined {
    const delta = offset - (this.#options.baseOffset ?? 0);
    if (delta <= this.#lastOffsetDelta || delta > int32Max) {
      throw new RangeError(`offset ${offset} does not fit behind delta ${this.#lastOffsetDelta}`);
    }
    return this.#append(record, delta);
  }

  #append(record: RecordInput, offsetDelta: number): number | undefined {
    if (this.isClosed) return undefined;
    const first = this.#count === 0;
    const isBase = first && this.#options.deleteHorizonMs === undefined;
    const timestampDelta = isBase ? 0 : record.timestamp - this.#baseTimestamp;
    if (!Number.isSafeInteger(record.timestamp) || !Number.isSafeInteger(timestampDelta)) {
      throw new KafkaError('VALUE_OUT_OF_RANGE', `${record.timestamp} is not a timestamp.`);
    }
    const body = sizeOfRecordBody(record, offsetDelta, timestampDelta);
    const start = this.#end;
    const end = start + sizeOfVarint(body) + body;
    if (!first && this.#estimate(end) > this.#sizeLimit) return undefined;
    if (end > this.#buffer.length) this.#grow(end);
    writeRecord(this.#buffer, start, body, record, offsetDelta, timestampDelta);
    this.#end = end;
    this.#count++;
    this.#lastOffsetDelta = offsetDelta;
    if (isBase) this.#baseTimestamp = record.timestamp;
    if (record.timestamp > this.#maxTimestamp) this.#maxTimestamp = record.timestamp;
    return offsetDelta;
  }

  #estimate(uncompressed: number): number {
    return batchHeaderSize + Math.ceil((uncompressed - batchHeaderSize) * this.#ratio);
  }

  /** What the records may take before compression until the estimate reaches the size limit. */
  #capacityMax(): number {
    return Math.min(int32Max, Math.ceil(this.#sizeLimit / Math.max(this.#ratio, 0.001)));
  }

  #grow(needed: number): void {
    if (needed > int32Max) {
      throw new KafkaError('MESSAGE_TOO_LARGE', `A batch of ${needed} bytes is beyond an int32.`);
    }
    const doubled = Math.min(this.#buffer.length * 2, this.#capacityMax());
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, doubled));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }

  /** Sets what an idempotent producer knows only when it sends; before the batch is built. */
  setProducer(producer: ProducerFields): void {
    if (this.isClosed) throw new RangeError('the batch is built: use assignProducer on its bytes');
    this.#producer = producer;
  }

  /** The finished batch. The codec must have been loaded (CODEC_MISSING). */
  build(): Buffer {
    if (this.#built !== undefined) return this.#built;
    const { compression } = this;
    if (compression === 'none') return this.#finish(undefined);
    const records = this.#buffer.subarray(batchHeaderSize, this.#end);
    return this.#finish(compress(compression, records, this.#options.compressionLevel));
  }

  /** As `build`, loading the codec where needed and compressing big batches off the event loop. */
  async buildAsync(): Promise<Buffer> {
    if (this.#built !== undefined) return this.#built;
    if (this.compression === 'none') return this.#finish(undefined);
    this.#building ??= this.#buildAsync();
    return await this.#building;
  }

  async #buildAsync(): Promise<Buffer> {
    const records = this.#buffer.subarray(batchHeaderSize, this.#end);
    const level = this.#options.compressionLevel;
    const compressed = await compressAsync(this.compression, records, level);
    return this.#built ?? this.#finish(compressed);
  }

  #finish(compressed: Buffer | undefined): Buffer {
    let batch: Buffer;
    if (compressed === undefined) {
      batch = this.#buffer.subarray(0, this.#end);
    } else {
      batch = Buffer.allocUnsafeSlow(batchHeaderSize + compressed.length);
      batch.set(compressed, batchHeaderSize);
    }
    this.#writeHeader(batch);
    this.#built = batch;
    this.#buffer = batch;
    return batch;
  }

  #writeHeader(batch: Buffer): void {
    const { baseOffset = 0, partitionLeaderEpoch = -1, timestampType, isControl } = this.#options;
    const producer = this.#producer;
    let attributes = compressionId(this.compression);
    if (timestampType === 'LogAppendTime') attributes |= attribute.logAppendTime;
    if (producer.isTransactional) attributes |= attribute.transactional;
    if (isControl) attributes |= attribute.control;
    if (this.#options.deleteHorizonMs !== undefined) attributes |= attribute.deleteHorizon;
    const appendTime = timestampType === 'LogAppendTime' ? this.#options.logAppendTime : undefined;
    setInt64(batch, at.baseOffset, baseOffset);
    setInt32(batch, at.batchLength, batch.length - logOverhead);
    setInt32(batch, at.partitionLeaderEpoch, partitionLeaderEpoch);
    batch[at.magic] = 2;
    setInt16(batch, at.attributes, attributes);
    const lastOffset = this.#options.lastOffset ?? baseOffset + this.#lastOffsetDelta;
    setInt32(batch, at.lastOffsetDelta, lastOffset - baseOffset);
    setInt64(batch, at.baseTimestamp, this.#baseTimestamp);
    setInt64(batch, at.maxTimestamp, appendTime ?? this.#maxTimestamp);
    setInt64(batch, at.producerId, producer.producerId);
    setInt16(batch, at.producerEpoch, producer.producerEpoch);
    setInt32(batch, at.baseSequence, producer.baseSequence);
    setInt32(batch, at.count, this.#count);
    setInt32(batch, at.crc, crc32c(batch.subarray(at.attributes)));
  }
}
