import { KafkaError } from '../../../errors/index.js';
import type { DiskFile } from '../../../system/index.js';
import { endOfFirst, endOfRecords, recordsOfCsv } from './csv.js';
import type { Source, SourceBatch, SourceContext, SourceReader } from '../../source.js';

export interface FileSourceOptions {
  readonly path: string;
  /**
   * `text` (default): a line is a value. `jsonl`: the same, parsed. `csv`: an object of texts,
   * after RFC 4180 (see the transform `cast` for numbers).
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
  #columns: readonly string[] | undefined;

  constructor(options: FileSourceOptions, file: DiskFile, context: SourceContext) {
    this.#options = options;
    this.#file = file;
    this.#context = context;
    this.#position = Number(context.position?.byte ?? 0);
    this.#columns = options.columns;
    if (options.format !== 'csv' || options.columns !== undefined) return;
    // The names stand at the beginning, wherever the last run has stopped.
    const end = this.#file.read(this.#header, 0);
    const length = endOfFirst(this.#header.subarray(0, end));
    [this.#columns] = recordsOfCsv(this.#header.toString('utf8', 0, length));
    this.#position = Math.max(this.#position, length);
    if (this.#columns !== undefined) return;
    throw new KafkaError('SOURCE_FAILED', `${options.path} has no line with the columns' names.`, {
      path: options.path,
      hint: 'Write one, or name them with columns.',
    });
  }

  async poll(): Promise<SourceBatch | undefined> {
    while (!this.#context.signal.aborted) {
      const text = this.#read();
      if (text !== undefined) {
        const records =
          this.#options.format === 'csv'
            ? recordsOfCsv(text).map((fields) => this.#rowOf(fields))
            : text
                .replace(/\n$/, '')
                .split('\n')
                .map((line) => this.#recordOf(line));
        return { records, position: { byte: this.#position } };
      }
      if (this.#options.follow !== true) return undefined;
      const { clock } = this.#context.system;
      await new Promise<void>((done) => void clock.after(lookEveryMs, done));
    }
    return undefined;
  }

  /** The next whole lines (or records); undefined when there is none. */
  #read(): string | undefined {
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
      return taken.toString('utf8');
    }
  }

  #recordOf(line: string) {
    const { format = 'text', key } = this.#options;
    if (format === 'text') return { key: null, value: line };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      const message = `A line of ${this.#options.path} is not JSON: ${line.slice(0, 80)}`;
      throw new KafkaError('RECORD_REJECTED', message, { cause });
    }
    const field =
      key === undefined ? null : ((value as Record<string, unknown> | null)?.[key] ?? null);
    return { key: field, value };
  }

  #rowOf(fields: readonly string[]) {
    const columns = this.#columns ?? [];
    const { path, key } = this.#options;
    if (fields.length !== columns.length) {
      const shown = fields.join(',').slice(0, 80);
      const counts = `${fields.length} fields, not ${columns.length}`;
      const message = `A record of ${path} has ${counts}: ${shown}`;
      throw new KafkaError('RECORD_REJECTED', message);
    }
    const value = Object.fromEntries(columns.map((name, at) => [name, fields[at] ?? '']));
    return { key: key === undefined ? null : (value[key] ?? null), value };
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}
