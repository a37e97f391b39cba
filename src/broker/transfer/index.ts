/**
 * Transfer: data directories that move: to Apache Kafka and back, into backups and out of them.
 * Knows files, logs and metadata records; must not know requests, connections or the command line.
 * Each transfer is loaded when it is called, so that a broker that never moves pays nothing.
 */
import type {
  BackupOptions,
  BackupSummary,
  GraduateOptions,
  Graduation,
  ImportOptions,
  ImportSummary,
  RestoreOptions,
  VerifyOptions,
} from './transfer-options.js';
import type { DumpOptions } from './dump/dump-options.js';
import type { VerifyReport } from './verify-report.js';

export type { DumpDecoder, DumpOptions } from './dump/dump-options.js';
export type {
  BackupOptions,
  BackupSummary,
  GraduateOptions,
  Graduation,
  ImportOptions,
  ImportSummary,
  RestoreOptions,
  TransferOptions,
  TransferProgress,
  VerifyOptions,
} from './transfer-options.js';
export type { Finding, VerifyReport } from './verify-report.js';

/**
 * Makes a data directory that Apache Kafka 4.x boots on, of one whose broker is stopped: topics
 * with their ids and configs, records with their offsets, committed offsets and producer ids go
 * along. Open transactions are ended and groups lose their members. Without `out` the directory
 * itself becomes Kafka's, and kafkit's no longer once Kafka has run on it. May be run again. Fails
 * with DATA_DIRECTORY_LOCKED while a broker runs, and DATA_DIRECTORY_INVALID where there is nothing
 * to graduate or `out` is in use.
 */
export async function graduate(options: GraduateOptions): Promise<Graduation> {
  const { graduateDirectory } = await import('./graduate.js');
  return await graduateDirectory(options);
}

/**
 * Makes a data directory of kafkit of one that belongs to a stopped single node of Apache Kafka:
 * topics with their ids and configs, records with their offsets, committed offsets and producer ids
 * come along. Without `out` the directory itself becomes ours, and Kafka's own metadata is set
 * aside. Fails with DATA_DIRECTORY_LOCKED while Kafka runs (as far as the system tells), and
 * DATA_DIRECTORY_INVALID where the node does not hold every partition in full.
 */
export async function importFromKafka(options: ImportOptions): Promise<ImportSummary> {
  const { importDirectory } = await import('./import.js');
  return await importDirectory(options);
}

/**
 * Makes a backup of a data directory whose broker is stopped; `Broker.backup` does the same to a
 * running one. Segments that are closed become hard links where the file system has them, so that
 * a backup on the same disk costs next to nothing; on another disk everything is copied. No broker
 * runs on a backup: `restore` makes a data directory of it. Fails with DATA_DIRECTORY_LOCKED while
 * a broker runs, and DATA_DIRECTORY_INVALID where `out` is not empty.
 */
export async function backup(options: BackupOptions): Promise<BackupSummary> {
  const { backupDirectory } = await import('./backup.js');
  return await backupDirectory(options);
}

/**
 * Makes a data directory of a backup. Its broker starts as after a crash: what was being written
 * when the backup was taken is looked through, and leader epochs go up, so that clients which have
 * seen more than the backup notice. Fails with DATA_DIRECTORY_INVALID where there is no finished
 * backup, or `data` is not empty.
 */
export async function restore(options: RestoreOptions): Promise<BackupSummary> {
  const { restoreDirectory } = await import('./restore.js');
  return await restoreDirectory(options);
}

/**
 * Reads everything in a data directory (of kafkit or of Apache Kafka) or a backup, without
 * changing it, and compares: checksums and order of batches, indexes, aborted transactions,
 * snapshots, leader epochs, checkpoints, topic ids, committed offsets. What the next start would
 * mend by itself is a
 * warning, a loss is an error; both stand in the report. Fails with DATA_DIRECTORY_LOCKED while a
 * broker runs on it.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { verifyDirectory } = await import('./verify.js');
  return await verifyDirectory(options);
}

/**
 * The lines that Kafka's `DumpLogSegments` prints of the same files: batches and records of `.log`
 * and `.checkpoint` files and of the metadata journal, entries of `.index`, `.timeindex` and
 * `.txnindex`, producers of `.snapshot`, checkpoints as they stand. Files are only read, one batch
 * in memory at a time, and no lock is needed. Fails with INVALID_ARGUMENT where a file is missing,
 * LOG_CORRUPTED and CORRUPT_MESSAGE where one cannot be read at all.
 */
export async function* dumpLog(options: DumpOptions): AsyncGenerator<string> {
  const { dumpFiles } = await import('./dump/dump-log.js');
  yield* dumpFiles(options);
}
