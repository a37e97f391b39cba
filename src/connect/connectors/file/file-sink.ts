import type { TopicPartition, TopicPartitionOffset } from '../../../client/index.js';
import { isKafkaError, KafkaError } from '../../../errors/index.js';
import type { DirectoryLock, Disk, DiskFile } from '../../../system/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { PutContext, RejectedRecord, Sink, SinkContext, SinkWriter } from '../../sink.js';
import { type LineFormat, lineFormat } from './record-format.js';

export interface FileSinkOptions {
  /** One file for everything; a single task writes it, and nobody else may. */
  readonly path?: string | undefined;
  /** A file per partition in this directory: `orders-0.jsonl`. Any number of tasks. */
  readonly directory?: string | undefined;
  /** Default `jsonl`. */
  readonly format?: 'jsonl' | 'csv' | undefined;
  /** The fields that make the columns of a csv file. */
  readonly columns?: readonly string[] | undefined;
}

/** What lies beside a file: how much of it counts, and the offsets behind that. */
interface Sidecar {
  readonly size: number;
  /** The next offset by `topic:partition`. */
  readonly offsets: Readonly<Record<string, number>>;
}

/**
 * Appends records as lines. Beside each file lies another, replaced in one stroke before
 * every commit, that says how long the file is and which offsets it holds: after a crash what
 * is beyond is cut off, and reading goes on at those offsets. So every record is there
 * exactly once,
 * whatever the group has committed.
 */
export function file(options: FileSinkOptions): Sink {
  const { path, directory, format = 'jsonl', columns } = options;
  if ((path === undefined) === (directory === undefined)) {
    throw new KafkaError('INVALID_ARGUMENT', 'file: either path or directory is wanted.');
  }
  const lines = lineFormat(format, columns);
  return {
    name: 'file',
    guarantee: 'transactional',
    // Each write waits for the disk: the more it holds, the better.
    batchSize: 20_000,
    tasksMax: path === undefined ? undefined : 1,
    start: async (context) => {
      if (directory !== undefined) return new FileWriter(context, lines, { directory });
      // A directory can be locked, and has room for the sidecar.
      const { disk } = context.system;
      const beside = `${path}.kafkit`;
      disk.makeDirectory(beside);
      const lock = await disk.lockDirectory(beside);
      return new FileWriter(context, lines, { path: path ?? '', beside, lock });
    },
  };
}

type Place =
  | { readonly directory: string }
  | { readonly path: string; readonly beside: string; readonly lock: DirectoryLock };

class FileWriter implements SinkWriter {
  readonly #disk: Disk;
  readonly #format: LineFormat;
  readonly #place: Place;
  readonly #files = new Map<string, LinesFile>();

  constructor(context: SinkContext, format: LineFormat, place: Place) {
    this.#disk = context.system.disk;
    this.#format = format;
    this.#place = place;
    if ('directory' in place) this.#disk.makeDirectory(place.directory);
  }

  async open(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]> {
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition } of partitions) {
      const offset = this.#fileOf({ topic, partition }).offsets[`${topic}:${partition}`];
      if (offset !== undefined) offsets.push({ topic, partition, offset });
    }
    return offsets;
  }

  async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if ('path' in this.#place) return;
    for (const { topic, partition } of partitions) {
      const name = `${topic}-${partition}`;
      this.#files.get(name)?.close();
      this.#files.delete(name);
    }
  }

  async put(
    records: readonly PipeRecord[],
    context: PutContext,
  ): Promise<readonly RejectedRecord[]> {
    const chunks: Uint8Array[] = [];
    const rejected: RejectedRecord[] = [];
    const lines: (string | Uint8Array)[] = [];
    for (const record of records) {
      try {
        lines.push(this.#format.line(record));
      } catch (error) {
        if (!isKafkaError(error)) throw error;
        rejected.push({ record, error });
      }
    }
    collect(lines, chunks);
    // The offsets move below: what is not in the file must be somewhere else by then.
    if (rejected.length > 0) await context.setAside(rejected);
    this.#fileOf(context).append(chunks, context, context.nextOffset);
    return [];
  }

  async flush(): Promise<void> {
    for (const each of this.#files.values()) await each.flush();
  }

  async close(): Promise<void> {
    for (const each of this.#files.values()) each.close();
    this.#files.clear();
    if ('lock' in this.#place) await this.#place.lock.release();
  }

  #fileOf({ topic, partition }: TopicPartition): LinesFile {
    const place = this.#place;
    const name = 'path' in place ? '' : `${topic}-${partition}`;
    let found = this.#files.get(name);
    if (found === undefined) {
      const { header, extension } = this.#format;
      const [path, sidecar] =
        'path' in place
          ? [place.path, this.#disk.join(place.beside, 'offsets.json')]
          : [
              this.#disk.join(place.directory, `${name}.${extension}`),
              this.#disk.join(place.directory, `.${name}.offsets.json`),
            ];
      found = new LinesFile(this.#disk, path, sidecar, header);
      this.#files.set(name, found);
    }
    return found;
  }
}

/** One file and its sidecar. */
class LinesFile {
  readonly #disk: Disk;
  readonly #file: DiskFile;
  readonly #sidecar: string;
  #size: number;
  #isDirty = false;
  offsets: Readonly<Record<string, number>>;

  constructor(disk: Disk, path: string, sidecar: string, header: string | undefined) {
    this.#disk = disk;
    this.#sidecar = sidecar;
    const known = readSidecar(disk, sidecar);
    const isThere = disk.exists(path);
    if (isThere && known === undefined) {
      throw new KafkaError('SINK_FAILED', `${path} is not a file of this pipeline.`, {
        path,
        retriable: false,
        hint: `There is no ${sidecar} beside it. Move it away, or choose another name.`,
      });
    }
    this.#file = disk.open(path, isThere ? 'write' : 'create');
    this.#size = known?.size ?? 0;
    this.offsets = known?.offsets ?? {};
    const size = this.#file.size();
    if (size < this.#size) {
      this.#file.close();
      throw new KafkaError('SINK_FAILED', `${path} is shorter than it was left.`, {
        path,
        retriable: false,
        hint: 'Somebody has cut it. Restore it, or remove it together with its sidecar.',
      });
    }
    // Whatever a crash left behind the last write that counts.
    if (size > this.#size) this.#file.truncate(this.#size);
    if (known !== undefined) return;
    if (header !== undefined) {
      const bytes = Buffer.from(`${header}\n`);
      this.#file.write([bytes], 0);
      this.#size = bytes.length;
    }
    this.#file.syncNow();
    this.#note();
  }

  append(chunks: readonly Uint8Array[], of: TopicPartition, nextOffset: number): void {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    // Only behind this do the lines count: a write that is repeated lies over the first.
    if (bytes > 0) this.#file.write(chunks, this.#size);
    this.#size += bytes;
    this.offsets = { ...this.offsets, [`${of.topic}:${of.partition}`]: nextOffset };
    this.#isDirty = true;
  }

  /** Lines first, then the sidecar that lets them count. */
  async flush(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await this.#file.sync();
      this.#note();
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  close(): void {
    this.#file.close();
  }

  #note(): void {
    const sidecar: Sidecar = { size: this.#size, offsets: this.offsets };
    this.#disk.replaceFile(this.#sidecar, Buffer.from(JSON.stringify(sidecar)));
  }
}

function readSidecar(disk: Disk, path: string): Sidecar | undefined {
  if (!disk.exists(path)) return undefined;
  try {
    return JSON.parse(disk.readFile(path).toString()) as Sidecar;
  } catch (cause) {
    throw new KafkaError('SINK_FAILED', `${path} cannot be read.`, {
      path,
      cause,
      retriable: false,
    });
  }
}

const newline = Buffer.from('\n');

/** Lines of text are encoded together; bytes stay what they are. */
function collect(lines: readonly (string | Uint8Array)[], chunks: Uint8Array[]): void {
  let text = '';
  const flush = () => {
    if (text !== '') chunks.push(Buffer.from(text));
    text = '';
  };
  for (const line of lines) {
    if (typeof line === 'string') text += `${line}\n`;
    else {
      flush();
      chunks.push(line, newline);
    }
  }
  flush();
}
