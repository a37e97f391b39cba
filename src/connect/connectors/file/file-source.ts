import { KafkaError } from '../../../errors/index.js';
import type { DiskFile } from '../../../system/index.js';
import type { Source, SourceBatch, SourceContext, SourceReader } from '../../source.js';

export interface FileSourceOptions {
  readonly path: string;
  /** `text` (default): a line is a value. `jsonl`: the same, parsed. */
  readonly format?: 'text' | 'jsonl' | undefined;
  /** Goes on reading when the file grows; default false: the source ends with the file. */
  readonly follow?: boolean | undefined;
  /** Field of a jsonl line that becomes the key. */
  readonly key?: string | undefined;
}

const chunkBytes = 256 * 1024;
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
  #position: number;

  constructor(options: FileSourceOptions, file: DiskFile, context: SourceContext) {
    this.#options = options;
    this.#file = file;
    this.#context = context;
    this.#position = Number(context.position?.byte ?? 0);
  }

  async poll(): Promise<SourceBatch | undefined> {
    while (!this.#context.signal.aborted) {
      const lines = this.#read();
      if (lines.length > 0) {
        const records = lines.map((line) => this.#recordOf(line));
        return { records, position: { byte: this.#position } };
      }
      if (this.#options.follow !== true) return undefined;
      const { clock } = this.#context.system;
      await new Promise<void>((done) => void clock.after(lookEveryMs, done));
    }
    return undefined;
  }

  #read(): string[] {
    for (let size = chunkBytes; ; size *= 2) {
      const bytes = Buffer.alloc(size);
      const count = this.#file.read(bytes, this.#position);
      const found = bytes.subarray(0, count);
      const isLast = count < size && this.#options.follow !== true;
      const end = found.lastIndexOf(10) + 1;
      if (end === 0 && !isLast && count === size && size < lineBytesMax) continue;
      const taken = isLast ? found : found.subarray(0, end);
      if (taken.length === 0) return [];
      this.#position += taken.length;
      const text = taken.toString('utf8');
      return text.replace(/\n$/, '').split('\n');
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

  async close(): Promise<void> {
    this.#file.close();
  }
}
