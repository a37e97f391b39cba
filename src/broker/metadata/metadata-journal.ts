import { isKafkaError, KafkaError } from '../../errors/index.js';
import { RecordBatch, RecordBatchBuilder } from '../../records/index.js';
import type { Disk, DiskFile, Logger } from '../../system/index.js';
import { decodeMetadataRecord, encodeMetadataRecord } from './metadata-codec.js';
import { MetadataImage } from './metadata-image.js';
import type { MetadataRecord } from './metadata-record.js';

/** The file's name in the root of the data directory (sub-directories there are partitions). */
export const journalName = 'kafkit-metadata.journal';

/** Records per batch of a rewritten journal. */
const recordsPerBatch = 500;
/** A journal this much larger than what it says, and larger than this, is rewritten at start. */
const rewriteRatio = 4;
const rewriteBytesMin = 64 * 1024;

/** What stands in a journal, without the power to change it. */
export interface JournalContents {
  readonly image: MetadataImage;
  /** Bytes of whole, valid batches; what follows them is a torn tail. */
  readonly validBytes: number;
  readonly totalBytes: number;
  readonly records: number;
}

/** Reads the journal of a data directory; an empty image where there is none. */
export function readJournal(disk: Disk, dataDirectory: string): JournalContents {
  const path = disk.join(dataDirectory, journalName);
  const image = new MetadataImage();
  if (!disk.exists(path)) return { image, validBytes: 0, totalBytes: 0, records: 0 };
  const bytes = disk.readFile(path);
  let position = 0;
  let records = 0;
  for (;;) {
    const batch = validBatchAt(bytes, position);
    if (batch === undefined) break;
    for (const { value } of batch.records()) {
      if (value === null) continue;
      const record = decodeMetadataRecord(value, path);
      if (record !== undefined) image.replay(record);
      records++;
    }
    position += batch.sizeInBytes;
  }
  return { image, validBytes: position, totalBytes: bytes.length, records };
}

function validBatchAt(bytes: Buffer, position: number): RecordBatch | undefined {
  try {
    if (RecordBatch.sizeAt(bytes, position) === undefined) return undefined;
    const batch = new RecordBatch(bytes, position);
    return batch.isValid() ? batch : undefined;
  } catch {
    // Whatever is no batch is the torn tail of the last write.
    return undefined;
  }
}

/**
 * The topics, configs and producer ids of this broker as an append-only file of metadata records
 * in record batches: the same records, framed the same way, as in Kafka's own metadata log. A
 * change counts once it is synced; changes that come together share a sync.
 */
export class MetadataJournal {
  readonly #path: string;
  readonly #file: DiskFile;
  #size: number;
  #offset: number;
  #failure: Error | undefined;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  private constructor(path: string, file: DiskFile, size: number, offset: number) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
    this.#offset = offset;
  }

  /**
   * Opens the journal for writing; only after the data directory was locked. A torn tail is cut.
   * `rewrite` replaces the file by the fewest records that say the same as the image.
   */
  static async open(
    disk: Disk,
    dataDirectory: string,
    contents: JournalContents,
    rewrite: boolean,
    logger: Logger,
  ): Promise<MetadataJournal> {
    const path = disk.join(dataDirectory, journalName);
    const isNew = !disk.exists(path);
    const torn = contents.totalBytes - contents.validBytes;
    if (torn > 0) logger.warn(`${path}: the last ${torn} bytes were torn by a crash and are cut.`);
    let { validBytes: size, records: offset } = contents;
    const snapshot = snapshotBytes(contents.image);
    const wasteful = size > rewriteBytesMin && size > snapshot.bytes.length * rewriteRatio;
    if (rewrite || wasteful) {
      disk.replaceFile(path, snapshot.bytes);
      size = snapshot.bytes.length;
      offset = snapshot.records;
    }
    const file = disk.open(path, disk.exists(path) ? 'write' : 'create');
    if (file.size() > size) file.truncate(size);
    await file.sync();
    if (isNew) await disk.syncDirectory(dataDirectory);
    return new MetadataJournal(path, file, size, offset);
  }

  /**
   * Writes the records at once; the promise resolves when they are synced. Throws, without a
   * promise, when nothing was written: then the records count for nothing.
   */
  append(records: readonly MetadataRecord[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failed(this.#failure);
    const bytes = batchOf(records, this.#offset);
    try {
      this.#file.write([bytes], this.#size);
    } catch (error) {
      // A full disk may be emptied again; what any other failure has left is known to nobody.
      if (!isKafkaError(error, 'DISK_FULL')) this.#failure = error as Error;
      throw this.#failed(error as Error);
    }
    this.#size += bytes.length;
    this.#offset += records.length;
    return this.#synced();
  }

  async #synced(): Promise<void> {
    try {
      await this.#sync();
    } catch (error) {
      // After a failed sync nobody knows what the disk holds: nothing more is written.
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw this.#failed(this.#failure);
    }
  }

  /** Why nothing can be written any more, or undefined. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** A sync that begins after this call; callers that come while it waits share it. */
  #sync(): Promise<void> {
    if (this.#queued !== undefined) return this.#queued;
    const before = this.#running ?? Promise.resolve();
    const mine: Promise<void> = before.then(() => {
      this.#running = mine;
      this.#queued = undefined;
      return this.#file.sync();
    });
    this.#queued = mine;
    return mine;
  }

  #failed(cause: Error): KafkaError {
    return new KafkaError('KAFKA_STORAGE_ERROR', 'The metadata journal cannot be written.', {
      path: this.#path,
      hint: 'Free or repair the disk, then start the broker again.',
      cause,
    });
  }

  /** Lets go of the file without syncing it, as a crash does. */
  abandon(): void {
    this.#failure ??= new KafkaError('CLOSED', 'The broker has crashed.');
    this.#file.close();
  }

  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#sync();
    } finally {
      this.#file.close();
    }
  }
}

function batchOf(records: readonly MetadataRecord[], baseOffset: number): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset });
  for (const record of records) {
    builder.append({ timestamp: 0, key: null, value: encodeMetadataRecord(record) });
  }
  return builder.build();
}

function snapshotBytes(image: MetadataImage): { bytes: Buffer; records: number } {
  const records = [...image.snapshot()];
  const batches: Buffer[] = [];
  for (let from = 0; from < records.length; from += recordsPerBatch) {
    batches.push(batchOf(records.slice(from, from + recordsPerBatch), from));
  }
  return { bytes: Buffer.concat(batches), records: records.length };
}
