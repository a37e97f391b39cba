import type { Logger, System } from '../../system/index.js';

/** How far a copy has come. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What every transfer of a data directory takes. */
export interface TransferOptions {
  /** Copies all files, where by default segments that no longer change become hard links. */
  readonly copy?: boolean | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Default: the machine's own. */
  readonly system?: System | undefined;
  /** Default: warnings and errors as one line each to stderr. */
  readonly logger?: Logger | undefined;
}

/** `graduate`: a data directory that Apache Kafka takes over. */
export interface GraduateOptions extends TransferOptions {
  /** The data directory of a stopped broker. */
  readonly data: string;
  /** Where Kafka's directory is made; default: `data` itself becomes it. */
  readonly out?: string | undefined;
  /** Where Kafka shall listen, `host:port`; default `localhost:9092`. Controller: port + 1. */
  readonly listen?: string | undefined;
  /** The directory as `server.properties` names it, an absolute path; default as given. */
  readonly logDirectory?: string | undefined;
  /** Further lines of `server.properties`; they win over those written by default. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** What `graduate` has done. */
export interface Graduation {
  readonly directory: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly topics: number;
  readonly partitions: number;
  readonly bytes: number;
  /** Transactions that were open and are ended now. */
  readonly transactionsCommitted: number;
  readonly transactionsAborted: number;
  /** Groups whose members are gone; their committed offsets stay. */
  readonly groupsEmptied: number;
  /** Sentences about what was left out. */
  readonly notes: readonly string[];
  /** What to type next, inside Apache Kafka's folder. */
  readonly commands: readonly string[];
}

/** `importFromKafka`: a data directory of Apache Kafka becomes ours. */
export interface ImportOptions extends TransferOptions {
  /** A `log.dirs` directory of a stopped single node. */
  readonly from: string;
  /** The new data directory; default: `from` itself becomes it. */
  readonly out?: string | undefined;
  /** Takes partitions without a directory as empty, instead of refusing. Default false. */
  readonly acceptMissing?: boolean | undefined;
}

/** What `importFromKafka` has done. */
export interface ImportSummary {
  readonly directory: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly topics: number;
  readonly partitions: number;
  readonly bytes: number;
  readonly notes: readonly string[];
}

/** `backup` of a directory whose broker is stopped; a running one has `Broker.backup`. */
export interface BackupOptions extends TransferOptions {
  readonly data: string;
  /** A directory that does not exist yet, or is empty. */
  readonly out: string;
}

export interface RestoreOptions extends TransferOptions {
  readonly backup: string;
  /** The new data directory: it must not exist yet, or be empty. */
  readonly data: string;
}

/** What was backed up or restored. */
export interface BackupSummary {
  readonly directory: string;
  readonly clusterId: string;
  readonly topics: number;
  readonly partitions: number;
  readonly bytes: number;
  /** Of `bytes`, what is shared with the source by hard links. */
  readonly linkedBytes: number;
}

export interface VerifyOptions extends Omit<TransferOptions, 'copy' | 'logger'> {
  /** A data directory of kafkit or of Apache Kafka, or a backup; nobody may run on it. */
  readonly data: string;
  /** Decompresses every batch and checks each record. Default false. */
  readonly deep?: boolean | undefined;
}
