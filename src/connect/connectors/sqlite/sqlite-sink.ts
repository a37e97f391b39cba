import type { TopicPartition, TopicPartitionOffset } from '../../../client/index.js';
import { isKafkaError, KafkaError } from '../../../errors/index.js';
import { openSqlite, type SqliteDatabase, type SqliteStatement } from '../../../system/index.js';
import { type PipeRecord, placeOf } from '../../pipe-record.js';
import type { PutContext, RejectedRecord, Sink, SinkWriter } from '../../sink.js';

export interface SqliteSinkOptions {
  /** The database's file. */
  readonly path: string;
  /** Default: the topic. */
  readonly table?: string | undefined;
  /**
   * Fields of the value that become columns, beside `_id`. Default: one column `document` with the
   * whole value as JSON.
   */
  readonly columns?: readonly string[] | undefined;
  /** Records with a null value: `delete` the row, `ignore` or `reject` (default) them. */
  readonly tombstones?: 'delete' | 'ignore' | 'reject' | undefined;
}

type Value = string | number | null | Uint8Array;

const offsetsTable = 'kafkit_offsets';

/**
 * Rows under the record's key, or `topic#partition#offset` where it has none, in a database of one
 * file. Rows and offsets are written in one transaction, so every record is applied exactly once.
 * Needs Node 22.13 or newer.
 */
export function sqlite(options: SqliteSinkOptions): Sink {
  return {
    name: 'sqlite',
    guarantee: 'transactional',
    batchSize: 10_000,
    refusesLate: 'rows have no guard, so it would replace what a later record has written',
    start: async ({ pipeline }) => new SqliteWriter(options, pipeline, openSqlite(options.path)),
  };
}

class SqliteWriter implements SinkWriter {
  readonly #options: SqliteSinkOptions;
  readonly #pipeline: string;
  readonly #database: SqliteDatabase;
  readonly #upserts = new Map<string, SqliteStatement>();
  readonly #epochs = new Map<string, number>();

  constructor(options: SqliteSinkOptions, pipeline: string, database: SqliteDatabase) {
    this.#options = options;
    this.#pipeline = pipeline;
    this.#database = database;
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000',
    );
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${offsetsTable} (pipeline TEXT, topic TEXT, partition INTEGER,
       offset INTEGER, epoch INTEGER, PRIMARY KEY (pipeline, topic, partition))`,
    );
  }

  /** Takes partitions, fencing whoever had them. */
  async open(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]> {
    const claim = this.#database.prepare(
      `INSERT INTO ${offsetsTable} VALUES (?, ?, ?, NULL, 1)
       ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING offset, epoch`,
    );
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition } of partitions) {
      const [row] = claim.all(this.#pipeline, topic, partition);
      const { offset, epoch } = row as { offset: number | null; epoch: number };
      this.#epochs.set(`${topic}:${partition}`, epoch);
      if (offset !== null) offsets.push({ topic, partition, offset });
    }
    return offsets;
  }

  async put(
    records: readonly PipeRecord[],
    context: PutContext,
  ): Promise<readonly RejectedRecord[]> {
    const rejected: RejectedRecord[] = [];
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const record of records) {
        try {
          this.#write(record);
        } catch (error) {
          if (!isKafkaError(error, 'RECORD_REJECTED')) throw error;
          rejected.push({ record, error });
        }
      }
      // The offset moves below: what is in no row must be somewhere else by then.
      if (rejected.length > 0) await context.setAside(rejected);
      this.#move(context);
      this.#database.exec('COMMIT');
    } catch (cause) {
      this.#database.exec('ROLLBACK');
      if (isKafkaError(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new KafkaError('SINK_FAILED', `SQLite: ${reason}`, { cause });
    }
    return [];
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #write(record: PipeRecord): void {
    const table = this.#options.table ?? record.topic;
    const id = idOf(record);
    const upsert = this.#upsertInto(table);
    if (record.value === null) {
      const { tombstones = 'reject' } = this.#options;
      if (tombstones === 'reject') throw rejected(record, 'has no value (a tombstone)');
      if (tombstones === 'delete') {
        this.#database.prepare(`DELETE FROM ${quoted(table)} WHERE _id = ?`).run(id);
      }
      return;
    }
    upsert.run(id, ...this.#cells(record));
  }

  #cells(record: PipeRecord): Value[] {
    const { columns } = this.#options;
    const { value } = record;
    if (value instanceof Uint8Array) throw rejected(record, 'has a value of bytes; use json()');
    if (columns === undefined) return [JSON.stringify(value)];
    if (typeof value !== 'object') throw rejected(record, 'is no object with fields');
    return columns.map((name) => cell((value as Record<string, unknown>)[name]));
  }

  #upsertInto(table: string): SqliteStatement {
    let upsert = this.#upserts.get(table);
    if (upsert === undefined) {
      const columns = (this.#options.columns ?? ['document']).map(quoted);
      this.#database.exec(
        `CREATE TABLE IF NOT EXISTS ${quoted(table)} (_id TEXT PRIMARY KEY, ${columns.join(', ')})`,
      );
      const changes = columns.map((column) => `${column} = excluded.${column}`).join(', ');
      upsert = this.#database.prepare(
        `INSERT INTO ${quoted(table)} (_id, ${columns.join(', ')})
         VALUES (?, ${columns.map(() => '?').join(', ')})
         ON CONFLICT (_id) DO UPDATE SET ${changes}`,
      );
      this.#upserts.set(table, upsert);
    }
    return upsert;
  }

  #move({ topic, partition, nextOffset }: PutContext): void {
    const epoch = this.#epochs.get(`${topic}:${partition}`) ?? -1;
    const { changes } = this.#database
      .prepare(
        `UPDATE ${offsetsTable} SET offset = ?
         WHERE pipeline = ? AND topic = ? AND partition = ? AND epoch = ?`,
      )
      .run(nextOffset, this.#pipeline, topic, partition, epoch);
    if (Number(changes) === 1) return;
    const message = 'Another writer has taken over the partition.';
    throw new KafkaError('SINK_FAILED', message, { topic, partition });
  }
}

function idOf(record: PipeRecord): string {
  const { key, source, part } = record;
  if (key instanceof Uint8Array) return Buffer.from(key).toString('utf8');
  if (key !== null && key !== undefined) {
    return typeof key === 'string' ? key : JSON.stringify(key);
  }
  const { topic, partition, offset } = source;
  return `${topic}#${partition}#${offset}${part === 0 ? '' : `#${part}`}`;
}

function cell(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Uint8Array ? value : JSON.stringify(value);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function rejected(record: PipeRecord, why: string): KafkaError {
  const { topic, partition, offset } = record.source;
  const text = `The record ${placeOf(record.source)} ${why}.`;
  return new KafkaError('RECORD_REJECTED', text, { topic, partition, offset });
}
