/**
 * Transfer: data directories that move: to Apache Kafka and back, into backups and out of them.
 * Knows files, logs and metadata records; must not know requests, connections or the command line.
 * Each transfer is loaded when it is called, so that a broker that never moves pays nothing.
 */
import type { GraduateOptions, Graduation } from './transfer-options.js';

export type {
  GraduateOptions,
  Graduation,
  TransferOptions,
  TransferProgress,
} from './transfer-options.js';

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
