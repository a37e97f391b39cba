import { KafkaError } from '../../errors/index.js';
import {
  type DirectoryLock,
  type Disk,
  type Logger,
  silentLogger,
  type System,
  type Timer,
} from '../../system/index.js';
import { writeCheckpoints } from './checkpoints.js';
import { DelayedRemovals } from './delayed-removals.js';
import { partitionsIn, quarantine } from './directory-scan.js';
import { asideName, directoryOf, rootFile } from './file-names.js';
import { LeaderEpochCache } from './leader-epoch-cache.js';
import { Log } from './log.js';
import { LogCleaner } from './log-cleaner.js';
import type { LogConfig } from './log-config.js';
import { loadLog } from './log-loader.js';
import { type ConfigOf, defaults, type LogManagerOptions } from './log-manager-options.js';
import { LogSegment } from './log-segment.js';
import { LogSegments } from './log-segments.js';
import { type Durability, LogSync } from './log-sync.js';
import { ensureMetaProperties, type MetaProperties } from './meta-properties.js';
import { readOffsets, replaceFileLater } from './offset-checkpoint.js';
import { makeDirectory } from './make-directory.js';
import { OpenFiles } from './open-files.js';
import { writePartitionMetadata } from './partition-metadata.js';
import { ProducerState } from './producer-state.js';
import { dropSegments, segmentsToDelete } from './retention.js';
import { TailCache } from './tail-cache.js';
import { untilSynced } from './until-synced.js';

/** All logs of a data directory (Kafka's `LogManager`). */
export class LogManager {
  readonly dataDirectory: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  readonly durability: Durability;
  /** Whether the directory was new. */
  readonly isNew: boolean;
  /** Whether the last stop was clean; leader epochs go up when it was not. */
  readonly wasCleanShutdown: boolean;
  readonly #system: System;
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #options: LogManagerOptions;
  readonly #lock: DirectoryLock;
  readonly #files: OpenFiles;
  readonly #sync: LogSync;
  readonly #cache: TailCache;
  readonly #cleaner: LogCleaner;
  readonly #logs = new Map<string, Log>();
  readonly #removals: DelayedRemovals;
  #timers: Timer[] = [];
  #checkpointing: Promise<void> | undefined;
  #failure: KafkaError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    system: System,
    options: LogManagerOptions,
    lock: DirectoryLock,
    meta: MetaProperties,
    found: { readonly isNew: boolean; readonly isClean: boolean },
  ) {
    this.dataDirectory = options.dataDirectory;
    this.clusterId = meta.clusterId;
    this.nodeId = meta.nodeId;
    this.directoryId = meta.directoryId;
    this.durability = options.durability ?? 'group-commit';
    this.isNew = found.isNew;
    this.wasCleanShutdown = found.isClean;
    this.#system = system;
    this.#disk = system.disk;
    this.#logger = options.logger ?? silentLogger;
    this.#options = options;
    this.#lock = lock;
    this.#files = new OpenFiles(system.disk);
    this.#cache = new TailCache(options.tailCacheBytes ?? defaults.tailCacheBytes);
    this.#sync = new LogSync({
      clock: system.clock,
      files: this.#files,
      durability: this.durability,
      flushMs: options.flushMs ?? defaults.flushMs,
      flushIntervalMs: options.flushIntervalMs ?? defaults.flushIntervalMs,
    });
    this.#removals = new DelayedRemovals(this.#disk, system.clock, this.#logger);
    this.#cleaner = new LogCleaner({
      root: this.dataDirectory,
      disk: this.#disk,
      files: this.#files,
      clock: system.clock,
      logger: this.#logger,
      logs: () => this.#logs.values(),
      removed: (log, paths) => this.#removals.add(paths, log.config.fileDeleteDelayMs),
      checkpoint: async () => {
        await this.#checkpointing;
        await this.checkpoint();
      },
      mapBytes: options.cleanerDedupeBytes ?? defaults.cleanerDedupeBytes,
      bytesPerSecond: options.cleanerBytesPerSecond ?? Number.POSITIVE_INFINITY,
      backoffMs: options.cleanerBackoffMs ?? defaults.cleanerBackoffMs,
    });
  }

  /**
   * Locks the directory (made where it is missing), reads `meta.properties` and opens every log,
   * recovering those that an unclean stop may have damaged. `configOf` is asked once the
   * directory is locked. Fails with DATA_DIRECTORY_LOCKED, DATA_DIRECTORY_INVALID, LOG_CORRUPTED.
   */
  static async open(
    system: System,
    options: LogManagerOptions,
    configOf: ConfigOf,
  ): Promise<LogManager> {
    const { disk, random } = system;
    const root = options.dataDirectory;
    if (!disk.exists(disk.join(root, rootFile.meta))) makeDirectory(disk, root);
    const lock = await disk.lockDirectory(root);
    try {
      const { clusterId, nodeId } = options;
      const { meta, isNew } = ensureMetaProperties(disk, root, random, nodeId, clusterId);
      const marker = disk.join(root, rootFile.cleanShutdown);
      const isClean = isNew || disk.exists(marker);
      const manager = new LogManager(system, options, lock, meta, { isNew, isClean });
      manager.#warnOfKafka();
      manager.#loadAll(configOf);
      // Only now: a start that failed half-way must find the marker again.
      disk.remove(marker);
      disk.syncDirectoryNow(root);
      manager.#startTimers();
      return manager;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Every log, in no particular order. */
  logs(): Iterable<Log> {
    return this.#logs.values();
  }

  log(topic: string, partition: number): Log | undefined {
    return this.#logs.get(directoryOf(topic, partition));
  }

  /** Why nothing can be written any more, or undefined. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Makes an empty log; its directory counts as safe when the first sync has ended. */
  createLog(topic: string, partition: number, topicId: string, config: LogConfig): Log {
    if (this.#failure !== undefined) throw this.#failure;
    const disk = this.#disk;
    const name = directoryOf(topic, partition);
    if (this.#logs.has(name)) throw new RangeError(`there is a log ${name}`);
    const directory = disk.join(this.dataDirectory, name);
    disk.makeDirectory(directory);
    const metadata = writePartitionMetadata(disk, directory, topicId);
    const segments = new LogSegments();
    segments.add(LogSegment.create(this.#files, directory, 0, this.#system.clock.now()));
    const log = new Log({
      topic,
      partition,
      topicId,
      directory,
      config,
      files: this.#files,
      sync: this.#sync,
      tail: this.#cache.tail(),
      segments,
      producers: new ProducerState(),
      epochs: new LeaderEpochCache(),
      logStartOffset: 0,
      logEndOffset: 0,
      recoveryPoint: 0,
      unsyncedFiles: [metadata, segments.active.path],
      unsyncedDirectories: [this.dataDirectory, directory],
      isFinished: false,
    });
    this.#add(name, log);
    return log;
  }

  #add(name: string, log: Log): void {
    log.onDiskFailure = (error) => this.#fence(error);
    this.#logs.set(name, log);
  }

  /** Takes the log away at once; its files go after `file.delete.delay.ms`. */
  deleteLog(topic: string, partition: number): void {
    const name = directoryOf(topic, partition);
    const log = this.#logs.get(name);
    if (log === undefined) return;
    this.#logs.delete(name);
    this.#cleaner.forget(name);
    log.remove();
    const unique = this.#system.random.bytes(16).toString('hex');
    const aside = this.#disk.join(
      this.dataDirectory,
      asideName(topic, partition, unique, '-delete'),
    );
    this.#disk.rename(log.directory, aside);
    this.#disk.syncDirectory(this.dataDirectory).catch((error) => this.#fence(error));
    this.#removals.add([aside], log.config.fileDeleteDelayMs);
  }

  /** Runs retention now; returns how many segments went. Active ones go a sync later. */
  deleteOldSegments(): number {
    return [...this.#logs.values()].reduce((deleted, log) => deleted + this.#retain(log), 0);
  }

  #retain(log: Log): number {
    // What compaction has in its hands goes in the next turn.
    const isFree = this.#isCurrent(log) && !this.#cleaner.isCleaning(log);
    if (!isFree || log.failure !== undefined) return 0;
    const now = this.#system.clock.now();
    const count = segmentsToDelete(log, now);
    if (count === 0) return 0;
    if (count === log.segments.count) {
      log.roll(now, () => void this.#upkeep(() => this.#retain(log)));
      return 0;
    }
    dropSegments(this.#disk, log, count, (paths) => {
      this.#removals.add(paths, log.config.fileDeleteDelayMs);
      this.#disk.syncDirectory(log.directory).catch((error) => this.#fence(error));
    });
    this.#logger.info(`${count} old segments of ${directoryOf(log.topic, log.partition)} go.`);
    return count;
  }

  /** Compacts now what is dirty enough; returns how many rounds that took. */
  compactDue(): Promise<number> {
    return this.#cleaner.cleanDue();
  }

  /**
   * Closes the active segments of compacted topics (of one topic, where it is named) and compacts
   * all that is synced and decided, whatever its ratio and age. For tests and tools.
   */
  async compactNow(topic?: string): Promise<void> {
    for (const log of [...this.#logs.values()]) {
      const isMeant = topic === undefined || log.topic === topic;
      if (!isMeant || !log.config.cleanupPolicy.includes('compact')) continue;
      if (log.segments.active.size > 0) log.roll(this.#system.clock.now());
      await untilSynced(log, log.logEndOffset);
      await this.#cleaner.cleanNow(log);
    }
  }

  /** Syncs, except in group commit, and writes epochs, recovery points and log starts. */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#checkpoint().finally(() => {
      this.#checkpointing = undefined;
    });
    return this.#checkpointing;
  }

  async #checkpoint(): Promise<void> {
    if (this.#failure !== undefined) return;
    if (!this.#sync.isGroupCommit) await this.#sync.flush();
    const now = this.#system.clock.now();
    const expirationMs = this.#options.producerIdExpirationMs ?? defaults.producerIdExpirationMs;
    for (const log of this.#logs.values()) log.producerState.removeExpired(now, expirationMs);
    await writeCheckpoints(this.#disk, this.dataDirectory, [...this.#logs.values()], (log) =>
      this.#isCurrent(log),
    );
  }

  /** Whether the log has not been deleted meanwhile. */
  #isCurrent(log: Log): boolean {
    return this.#logs.get(directoryOf(log.topic, log.partition)) === log;
  }

  /** Syncs everything, writes snapshots, checkpoints and, if `isClean`, that marker; unlocks. */
  close(isClean = true): Promise<void> {
    this.#closing ??= this.#close(isClean);
    return this.#closing;
  }

  async #close(isClean: boolean): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#removals.cancel();
    try {
      await this.#cleaner.stop();
      await this.#checkpointing;
      for (const log of this.#logs.values()) log.finish();
      await this.#sync.flush();
      await this.#checkpoint();
      if (this.#failure === undefined && isClean) {
        const marker = Buffer.from('{"version":0,"brokerEpoch":-1}');
        const path = this.#disk.join(this.dataDirectory, rootFile.cleanShutdown);
        await replaceFileLater(this.#disk, path, marker);
      }
    } finally {
      this.#sync.close();
      this.#files.closeAll();
      await this.#lock.release();
    }
  }

  /** Lets go of everything without syncing it or marking the stop as clean, as a crash does. */
  async abandon(): Promise<void> {
    this.#closing ??= Promise.resolve();
    this.#cleaner.abandon();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#removals.cancel();
    this.#sync.close();
    this.#files.closeAll();
    await this.#lock.release();
  }

  /** A failed sync may have lost anything: nothing more is written to the directory. */
  #fence(cause: unknown): void {
    if (this.#failure !== undefined) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new KafkaError(
      'KAFKA_STORAGE_ERROR',
      `Nothing more is written to ${this.dataDirectory}: ${reason}`,
      { path: this.dataDirectory, cause, hint: 'Check the disk, then start the broker again.' },
    );
    this.#logger.error(this.#failure.message);
    for (const log of this.#logs.values()) log.fail(this.#failure);
  }

  #startTimers(): void {
    this.#cleaner.start();
    this.#every(this.#options.checkpointMs ?? defaults.checkpointMs, () => this.checkpoint());
    this.#every(this.#options.retentionCheckMs ?? defaults.retentionCheckMs, () => {
      this.deleteOldSegments();
    });
  }

  #every(periodMs: number, run: () => void | Promise<void>): void {
    const place = this.#timers.length;
    const tick = async () => {
      await this.#upkeep(run);
      if (this.#closing === undefined) arm();
    };
    const arm = () => {
      const options = { background: true };
      this.#timers[place] = this.#system.clock.after(periodMs, () => void tick(), options);
    };
    arm();
  }

  async #upkeep(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#logger.warn(`Upkeep of ${this.dataDirectory} failed: ${String(error)}`);
    }
  }

  #warnOfKafka(): void {
    if (!this.#disk.exists(this.#disk.join(this.dataDirectory, rootFile.kafkaLock))) return;
    this.#logger.warn(
      `${this.dataDirectory} has a .lock of Apache Kafka: make sure that none runs on it.`,
    );
  }

  #loadAll(configOf: ConfigOf): void {
    const disk = this.#disk;
    const root = this.dataDirectory;
    const recoveryPoints = readOffsets(disk, disk.join(root, rootFile.recoveryPoints));
    const logStarts = readOffsets(disk, disk.join(root, rootFile.logStarts));
    for (const found of partitionsIn(disk, root, this.#logger)) {
      const { topic, partition, topicId, name, directory } = found;
      const config = topicId === undefined ? undefined : configOf(topic, partition, topicId);
      if (topicId === undefined || config === undefined) {
        quarantine(disk, root, found, this.#system.random, this.#logger);
        continue;
      }
      const log = loadLog({
        topic,
        partition,
        topicId,
        directory,
        config,
        files: this.#files,
        sync: this.#sync,
        cache: this.#cache,
        now: this.#system.clock.now(),
        logger: this.#logger,
        isClean: this.wasCleanShutdown,
        recoveryPoint: recoveryPoints.get(name) ?? -1,
        logStartOffset: logStarts.get(name) ?? -1,
        cleanedUpTo: this.#cleaner.cleanedUpTo(name),
        truncateCorrupted: this.#options.truncateCorrupted ?? false,
      });
      this.#add(name, log);
    }
  }
}
