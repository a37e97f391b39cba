import { KafkaError } from '../../../errors/index.js';
import type { DiskFile } from '../../../system/index.js';
import type { Source, SourceBatch, SourceContext, SourceReader } from '../../source.js';
import { endOfFirst, endOfRecords, recordsOfCsv } from './csv.js';
import { type Chunk, csvRecords, jsonRecords, textRecords } from './text-lines.js';

export interface FileSourceOptions {
  readonly path: string;
  /**
   * `text` (default): a line is a value. `jsonl`: the same, parsed. `csv`: an object of texts,
   * after RFC 4180 (see the transform `cast` for numbers). What cannot be read stops the pipeline
   * in front of it, or is set aside, as `errors.tolerance` says.
   */
  readonly format?: 'text' | 'jsonl' | 'csv' | undefined;
  /** The names of the fields of a csv file; default: its first line says them. */
  readonly columns?: readonly string[] | undefined;
  /** Goes on reading when the file grows; default false: the source ends with the file. */
  readonly follow?: boolean | undefined;
  /** Field of a jsonl or csv record that becomes the key. */
  readonly key?: string | undefined;
}

const chunkBytes = 256 * 1024;
const headerBytesMax = 64 * 1024;
const lineBytesMax = 16 * 1024 * 1024;
/** A file that is followed is looked at so often. */
const lookEveryMs = 250;

/**
 * Reads a file line by line; its position is the byte behind the last line read. A line without an
 * end is waited for, or taken as the last one where the file is not followed.
 */
export function fileSource(options: FileSourceOptions): Source {
  return {
    name: 'file',
    start: async (context) => {
      const { disk } = context.system;
      if (!disk.exists(options.path)) {
        throw new KafkaError('SOURCE_FAILED', `There is no file ${options.path}.`, {
          path: options.path,
          retriable: false,
        });
      }
      return new LineReader(options, disk.open(options.path, 'read'), context);
    },
  };
}

class LineReader implements SourceReader {
  readonly #options: FileSourceOptions;
  readonly #file: DiskFile;
  readonly #context: SourceContext;
  readonly #header = Buffer.alloc(headerBytesMax);
  #position: number;
  /** The number of the line at the position. */
  #line: number;
  #columns: readonly string[] | undefined;

  constructor(options: FileSourceOptions, file: DiskFile, context: SourceContext) {
    this.#options = options;
    this.#file = file;
    this.#context = context;
    this.#position = Number(context.position?.byte ?? 0);
    this.#line = Number(context.position?.line ?? 1);
    this.#columns = options.columns;
    // Positions of earlier versions do not say the line.
    if (this.#position > 0 && context.position?.line === undefined) this.#line = this.#lineAt();
    this.#passEnd();
    if (options.format !== 'csv' || options.columns !== undefined) return;
    // The names stand at the beginning, wherever the last run has stopped.
    const end = this.#file.read(this.#header, 0);
    const length = endOfFirst(this.#header.subarray(0, end));
    const head = this.#header.toString('utf8', 0, length);
    this.#columns = recordsOfCsv(head)[0]?.fields;
    if (this.#position < length) {
      this.#position = length;
      this.#line = head.split('\n').length;
    }
    if (this.#columns !== undefined) return;
    throw new KafkaError('SOURCE_FAILED', `${options.path} has no line with the columns' names.`, {
      path: options.path,
      hint: 'Write one, or name them with columns.',
    });
  }

  /** The last run may have taken a last line that had no end then. */
  #passEnd(): void {
    const around = Buffer.alloc(2);
    if (this.#position === 0 || this.#file.read(around, this.#position - 1) < 2) return;
    if (around[0] === 10 || around[1] !== 10) return;
    this.#position++;
    this.#line++;
  }

  async poll(): Promise<SourceBatch | undefined> {
    while (!this.#context.signal.aborted) {
      const byte = this.#position;
      const bytes = this.#read();
      if (bytes !== undefined) {
        const batch = this.#batchOf({ path: this.#options.path, bytes, byte, line: this.#line });
        this.#line = Number(batch.position.line);
        return batch;
      }
      if (this.#options.follow !== true) return undefined;
      const { clock } = this.#context.system;
      await new Promise<void>((done) => void clock.after(lookEveryMs, done));
    }
    return undefined;
  }

  /** The next whole lines (or records); undefined when there is none. */
  #read(): Buffer | undefined {
    for (let size = chunkBytes; ; size *= 2) {
      const bytes = Buffer.alloc(size);
      const count = this.#file.read(bytes, this.#position);
      const found = bytes.subarray(0, count);
      const isLast = count < size && this.#options.follow !== true;
      const end = this.#options.format === 'csv' ? endOfRecords(found) : found.lastIndexOf(10) + 1;
      if (end === 0 && !isLast && count === size && size < lineBytesMax) continue;
      const taken = isLast ? found : found.subarray(0, end);
      if (taken.length === 0) return undefined;
      this.#position += taken.length;
      return taken;
    }
  }

  #batchOf(chunk: Chunk): SourceBatch {
    const { format = 'text', key } = this.#options;
    if (format === 'text') return textRecords(chunk);
    if (format === 'jsonl') return jsonRecords(chunk, key);
    return csvRecords(chunk, this.#columns ?? [], key);
  }

  /** The number of the line at the position, counted from the beginning of the file. */
  #lineAt(): number {
    const bytes = Buffer.alloc(chunkBytes);
    let line = 1;
    for (let from = 0; from < this.#position; from += chunkBytes) {
      const count = this.#file.read(bytes, from);
      const here = bytes.subarray(0, Math.min(count, this.#position - from));
      for (let at = here.indexOf(10); at >= 0; at = here.indexOf(10, at + 1)) line++;
      if (count < chunkBytes) break;
    }
    return line;
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}
