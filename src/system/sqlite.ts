import { KafkaError } from '../errors/index.js';

/** A statement of SQLite, prepared once. */
export interface SqliteStatement {
  run(...values: (string | number | null | Uint8Array)[]): { readonly changes: number | bigint };
  all(...values: (string | number | null | Uint8Array)[]): unknown[];
  /** Integers come as bigint: the others fail beyond 2^53. */
  setReadBigInts(enabled: boolean): void;
}

/** A database in one file, as Node brings it along. Everything is synchronous. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (
    path: string,
    options?: { readonly readOnly?: boolean },
  ) => SqliteDatabase;
}

/**
 * Opens a database, creating the file unless it is only read. Fails with PACKAGE_MISSING on Node
 * before 22.13.
 */
export function openSqlite(
  path: string,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): SqliteDatabase {
  const node = process as { getBuiltinModule?: (name: string) => unknown };
  const module = node.getBuiltinModule?.('node:sqlite') as SqliteModule | undefined;
  if (module === undefined) {
    throw new KafkaError('PACKAGE_MISSING', `Node ${process.version} has no SQLite.`, {
      hint: 'Node 22.13 or newer has.',
    });
  }
  return new module.DatabaseSync(path, { readOnly });
}
