/**
 * SQLite: topics into tables of a database that Node brings along, and tables into topics. Knows
 * rows, keys and offsets in one transaction; knows nothing of consumers and commits.
 */
export { sqlite, type SqliteSinkOptions } from './sqlite-sink.js';
export { sqliteSource, type SqliteSourceOptions } from './sqlite-source.js';
