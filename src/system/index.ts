/**
 * System: the only room with windows. Time, randomness, files and sockets, each with a real and a
 * simulated implementation (behind `simulated/index.ts`), so that everything above can be tested
 * deterministically. Knows nothing of Kafka.
 */
export { type ChildExit, type ChildProcess, startChild } from './child-process.js';
export type { Clock, Timer } from './clock.js';
export type { DirectoryEntry, DirectoryLock, Disk, DiskFile } from './disk.js';
export { environmentVariable } from './environment.js';
export { consoleLogger, defaultLogger, lineLogger, silentLogger } from './logger.js';
export type { ConnectOptions, Listener, ListenOptions, Net, Socket, TlsSettings } from './net.js';
export type { Random } from './random.js';
export { realSystem } from './real-system.js';
export { saltedPassword } from './salted-password.js';
export { openSqlite, type SqliteDatabase, type SqliteStatement } from './sqlite.js';
export type { Logger, System } from './system.js';
export { serveWorker, startWorker, WorkerFailure, type WorkerThread } from './worker-thread.js';
