import { isKafkaError, KafkaError } from '../../../errors/index.js';
import { openSqlite, type SqliteDatabase, type SqliteStatement } from '../../../system/index.js';
import { wait } from '../../back-off.js';
import { whole } from '../../error-policy.js';
import type {
  Source,
  SourceBatch,
  SourceContext,
  SourcePosition,
  SourceReader,
  SourceRecord,
} from '../../source.js';

/** Names and modes are those of Kafka Connect's JDBC source. */
export interface SqliteSourceOptions {
  /** The database's file; it is only read. */
  readonly path: string;
  /** A table, or a view. */
  readonly table: string;
  /**
   * `incrementing` (default): new rows, by a column that only grows. `timestamp+incrementing`: also
   * rows that were changed, by a column with the time of the last change. Rows that are deleted
   * are not noticed.
   */
  readonly mode?: 'incrementing' | 'timestamp+incrementing' | undefined;
  /**
   * Default `rowid`. SQLite gives the number of a deleted last row again unless the table says
   * AUTOINCREMENT: such a row would be passed over.
   */
  readonly incrementingColumn?: string | undefined;
  /**
   * Text or a number that sorts by time, and finer than one row changes: a second change under the
   * same time is not noticed.
   */
  readonly timestampColumn?: string | undefined;
  /** The column that becomes the key of the record; default: records without keys. */
  readonly key?: string | undefined;
  /** Rows in one batch at the most; default 1000. */
  readonly batchSize?: number | undefined;
  /** A table without new rows is looked at so often; default 1000 ms. */
  readonly pollIntervalMs?: number | undefined;
  /** Goes on when everything is read; default true. */
  readonly follow?: boolean | undefined;
}

type Cell = string | number | null;
type Row = Readonly<Record<string, unknown>>;

const modes = ['incrementing', 'timestamp+incrementing'];
/** What the columns that order the rows are called in answers, whatever the table calls its own. */
const idName = 'kafkit incrementing';
const timeName = 'kafkit timestamp';

/**
 * Rows of a table as objects, in the order in which they came (or were changed): each once, also
 * when the pipeline is killed. Values beyond 2^53 become text, bytes become base64. Needs Node
 * 22.13 or newer. Fails with INVALID_ARGUMENT.
 */
export function sqliteSource(options: SqliteSourceOptions): Source {
  const { mode = 'incrementing', timestampColumn } = options;
  if (!modes.includes(mode)) {
    throw invalid(`mode is '${String(mode)}'; one of ${modes.join(', ')} is wanted.`);
  }
  if ((mode === 'incrementing') !== (timestampColumn === undefined)) {
    throw invalid("timestampColumn goes with mode 'timestamp+incrementing'.");
  }
  whole('sqlite: batchSize', options.batchSize ?? 1, 1);
  whole('sqlite: pollIntervalMs', options.pollIntervalMs ?? 1, 1);
  return {
    name: 'sqlite',
    start: async (context) => {
      const { path } = options;
      // Before the file is looked for: without SQLite there is no use in it.
      const probe = openSqlite(':memory:');
      probe.close();
      if (!context.system.disk.exists(path)) throw failed(`There is no file ${path}.`, { path });
      return new RowReader(options, openSqlite(path, { readOnly: true }), context);
    },
  };
}

class RowReader implements SourceReader {
  readonly #options: SqliteSourceOptions;
  readonly #database: SqliteDatabase;
  readonly #context: SourceContext;
  readonly #first: SqliteStatement;
  readonly #next: SqliteStatement;
  #position: SourcePosition | undefined;

  constructor(options: SqliteSourceOptions, database: SqliteDatabase, context: SourceContext) {
    this.#options = options;
    this.#database = database;
    this.#context = context;
    this.#position = context.position;
    try {
      database.exec('PRAGMA busy_timeout = 5000');
      this.#checkColumns();
      this.#first = this.#select(false);
      this.#next = this.#select(true);
    } catch (error) {
      database.close();
      throw this.#failure(error);
    }
  }

  async poll(): Promise<SourceBatch | undefined> {
    const { follow = true, pollIntervalMs = 1000 } = this.#options;
    const { signal, system } = this.#context;
    while (!signal.aborted) {
      const rows = this.#rows();
      if (rows.length > 0) return this.#batchOf(rows);
      if (!follow) return undefined;
      await wait(pollIntervalMs, system, signal).catch(() => undefined);
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #rows(): readonly Row[] {
    const { incrementing, timestamp } = this.#position ?? {};
    const times = this.#options.timestampColumn === undefined ? [] : [timestamp];
    try {
      if (incrementing === undefined) return this.#first.all() as Row[];
      return this.#next.all(...([...times, incrementing] as Cell[])) as Row[];
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #batchOf(rows: readonly Row[]): SourceBatch {
    const { path, table, key, timestampColumn } = this.#options;
    let id: unknown;
    let time: unknown;
    const records: SourceRecord[] = [];
    for (const { [idName]: rowId, [timeName]: rowTime, ...row } of rows) {
      id = asJson(rowId);
      time = asJson(rowTime);
      const entries = Object.entries(row).map(([name, value]) => [name, asJson(value)]);
      const value = Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
      const recordKey = key === undefined ? null : keyOf(value[key]);
      records.push({ key: recordKey, value, place: `${path}:${table}:${String(id)}` });
    }
    const position =
      timestampColumn === undefined ? { incrementing: id } : { incrementing: id, timestamp: time };
    this.#position = position;
    return { records, position };
  }

  /** Rows in the order of those columns, so that an index over them serves it. */
  #select(isNext: boolean): SqliteStatement {
    const {
      table,
      incrementingColumn = 'rowid',
      timestampColumn,
      batchSize = 1000,
    } = this.#options;
    const id = quoted(incrementingColumn);
    const time = timestampColumn === undefined ? undefined : quoted(timestampColumn);
    const order = time === undefined ? id : `${time}, ${id}`;
    const wanted = time === undefined ? '?' : '?, ?';
    const shown = time === undefined ? '' : `${time} AS "${timeName}", `;
    const statement = this.#database.prepare(
      `SELECT ${id} AS "${idName}", ${shown}* FROM ${quoted(table)}
       ${isNext ? `WHERE (${order}) > (${wanted})` : ''} ORDER BY ${order} LIMIT ${batchSize}`,
    );
    statement.setReadBigInts(true);
    return statement;
  }

  /** Says what is missing, and which rows would never be read. */
  #checkColumns(): void {
    const { path, table, incrementingColumn = 'rowid', timestampColumn, key } = this.#options;
    const list = this.#database.prepare(`SELECT name FROM pragma_table_info(?)`).all(table);
    const columns = list.map((each) => (each as { readonly name: string }).name);
    if (columns.length === 0) {
      const all = this.#database
        .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
        .all()
        .map((each) => (each as { readonly name: string }).name);
      const hint = all.length === 0 ? 'It has none at all.' : `There are: ${all.join(', ')}.`;
      throw failed(`There is no table ${table} in ${path}.`, { path }, hint);
    }
    const known = (name: string) =>
      columns.some((each) => each.toLowerCase() === name.toLowerCase()) || name === 'rowid';
    for (const name of [incrementingColumn, timestampColumn, key]) {
      if (name === undefined || known(name)) continue;
      const hint = `There are: ${columns.join(', ')}.`;
      throw failed(`The table ${table} of ${path} has no column ${name}.`, { path }, hint);
    }
    for (const name of [incrementingColumn, timestampColumn]) {
      if (name === undefined) continue;
      const [found] = this.#database
        .prepare(`SELECT count(*) AS count FROM ${quoted(table)} WHERE ${quoted(name)} IS NULL`)
        .all() as { readonly count: number }[];
      if (found === undefined || found.count === 0) continue;
      const rows = found.count === 1 ? '1 row' : `${found.count} rows`;
      const message = `${rows} of ${table} in ${path} have no ${name}, and would never be read.`;
      throw failed(message, { path }, 'Give them one, or name another column.');
    }
  }

  /** A database that somebody writes to is free again by itself; nothing else passes. */
  #failure(thrown: unknown): KafkaError {
    if (isKafkaError(thrown)) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const retriable = /locked|busy/i.test(reason);
    const { path } = this.#options;
    const text = `SQLite cannot read ${path}: ${reason}`;
    return new KafkaError('SOURCE_FAILED', text, { path, cause: thrown, retriable });
  }
}

function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function keyOf(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : (value ?? null);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function failed(message: string, about: { readonly path: string }, hint?: string): KafkaError {
  return new KafkaError('SOURCE_FAILED', message, { ...about, hint, retriable: false });
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', `sqlite: ${message}`);
}
