/** A header as it travels with a record; keys may repeat, and order is kept. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** What a builder takes. */
export interface RecordInput {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeaderInput[] | undefined;
  /** Milliseconds since 1970, or -1 for none. */
  readonly timestamp: number;
}

export interface RecordHeaderInput {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * One record inside a batch. Key, value and header values are views into the batch (decompressed
 * where it was compressed): copy what must outlive the batch.
 */
export interface RecordView {
  readonly offset: number;
  /** Milliseconds since 1970, -1 for none; the batch's own where the topic uses LogAppendTime. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Bytes of the record before compression, its length field included. */
  readonly sizeInBytes: number;
}

/** Who set the timestamps: the producer, or the broker when it appended. */
export type TimestampType = 'CreateTime' | 'LogAppendTime';
