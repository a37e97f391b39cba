import { KafkaError } from '../errors/index.js';
import type { Disk, DiskFile } from '../system/index.js';

/** Up to here a partition has been copied: what lies below `source` ends at `target`. */
export interface Mark {
  readonly source: number;
  readonly target: number;
  /** Checksum of all that was copied up to here, see `record-checksum.ts`. */
  readonly checksum: number;
}

/** What is remembered of one partition. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** In rising order, the first where copying began. Never empty. */
  readonly marks: Mark[];
  /** The last mark up to which the copy has been read back and compared. */
  verified: Mark;
}

interface Header {
  readonly kafkitMigration: 1;
  readonly from: string;
  readonly to: string;
}

type Line = Mark & {
  readonly topic: string;
  readonly partition: number;
  readonly verified?: boolean;
};

/**
 * The memory of a migration: a file of lines of JSON that is only added to. It may lag behind what
 * has really been copied (the end of the target tells the rest), but is never ahead of it.
 */
export class MigrationState {
  readonly #file: DiskFile;
  readonly #partitions = new Map<string, PartitionState>();
  #size: number;

  private constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Opens the file or begins it; fails where it belongs to another pair of clusters. */
  static open(disk: Disk, path: string, from: string, to: string): MigrationState {
    const isNew = !disk.exists(path);
    const text = isNew ? '' : disk.readFile(path).toString('utf8');
    // The line that was being written when the power went is no line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const file = disk.open(path, 'create');
    const state = new MigrationState(file, Buffer.byteLength(whole));
    try {
      file.truncate(state.#size);
      const [header, ...lines] = whole.split('\n').filter((line) => line !== '');
      if (header === undefined) state.#add({ kafkitMigration: 1, from, to });
      else checkHeader(header, path, from, to);
      for (const line of lines) state.#take(JSON.parse(line) as Line);
      if (isNew) disk.syncDirectoryNow(disk.join(path, '..'));
    } catch (error) {
      file.close();
      throw error;
    }
    return state;
  }

  partition(topic: string, partition: number): PartitionState | undefined {
    return this.#partitions.get(`${topic} ${partition}`);
  }

  /** Remembers how far a partition has come; the first time where it begins. */
  mark(topic: string, partition: number, mark: Mark): void {
    const line = { topic, partition, ...mark };
    this.#take(line);
    this.#add(line);
  }

  /** Remembers up to where a partition was found to be the same. */
  verified(topic: string, partition: number, mark: Mark): void {
    const line = { topic, partition, ...mark, verified: true };
    this.#take(line);
    this.#add(line);
  }

  close(): void {
    this.#file.close();
  }

  #take({ topic, partition, source, target, checksum, verified }: Line): void {
    const mark = { source, target, checksum };
    const known = this.#partitions.get(`${topic} ${partition}`);
    if (known === undefined) {
      const fresh = { topic, partition, marks: [mark], verified: mark };
      this.#partitions.set(`${topic} ${partition}`, fresh);
    } else if (verified === true) known.verified = mark;
    else known.marks.push(mark);
  }

  #add(line: Header | Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#file.write([bytes], this.#size);
    this.#size += bytes.length;
    this.#file.syncNow();
  }
}

function checkHeader(line: string, path: string, from: string, to: string): void {
  let header: Partial<Header> = {};
  try {
    header = JSON.parse(line) as Partial<Header>;
  } catch {
    // Then it is none of ours, as below.
  }
  if (header.kafkitMigration === 1 && header.from === from && header.to === to) return;
  const isOurs = header.kafkitMigration === 1;
  throw new KafkaError(
    'INVALID_ARGUMENT',
    isOurs
      ? `${path} remembers a migration from ${header.from} to ${header.to}, not this one.`
      : `${path} is no memory of a migration.`,
    { path, hint: 'Give this migration a file of its own.' },
  );
}
