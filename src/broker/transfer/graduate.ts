import { KafkaError } from '../../errors/index.js';
import { defaultLogger, type Logger, realSystem, type System } from '../../system/index.js';
import { settingsOf } from '../broker-options.js';
import { directoryOf } from '../log/file-names.js';
import { readMetaProperties } from '../log/meta-properties.js';
import type { MetadataImage } from '../metadata/metadata-image.js';
import { readJournal } from '../metadata/metadata-journal.js';
import { openStorage } from '../storage.js';
import { planCopy } from './copy-plan.js';
import { type DataDirectory, readDataDirectory } from './data-directory.js';
import { bootstrapCheckpoint, kafkaCheckpoint } from './kafka-checkpoint.js';
import { bootstrapServer, serverProperties, serverPropertiesText } from './server-properties.js';
import { settleGroups } from './settle-groups.js';
import { type SettledTransactions, settleTransactions } from './settle-transactions.js';
import { fillTarget, finishTarget } from './target-directory.js';
import type { GraduateOptions, Graduation } from './transfer-options.js';
import { trimTails } from './trim-tails.js';

const defaultListen = 'localhost:9092';

/** What has been found and done while the logs were open. */
interface Settled {
  readonly transactions: SettledTransactions;
  readonly groupsEmptied: number;
  /** The greatest leader epoch of each log, by directory name. */
  readonly epochs: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** See `graduate` in `index.ts`. */
export async function graduateDirectory(options: GraduateOptions): Promise<Graduation> {
  const system = options.system ?? realSystem();
  const logger = options.logger ?? defaultLogger;
  const { disk } = system;
  const listen = options.listen ?? defaultListen;
  const directory = options.out ?? options.data;
  const logDirectory = options.logDirectory ?? directory;
  checkName(logDirectory);
  const bootstrap = bootstrapServer(listen);
  const { source, notes } = await broughtOver(system, options);
  const { nodeId, clusterId } = source.meta;
  const settled = await settle(system, directory, logger);
  const { image } = readJournal(disk, directory);
  const now = system.clock.now();
  const meta = readMetaProperties(disk, directory) ?? source.meta;
  const checkpoint = kafkaCheckpoint({
    image,
    nodeId,
    directoryId: meta.directoryId,
    leaderEpochOf: (topicId, partition) => epochAbove(settled, image, topicId, partition),
    nextProducerId: Math.max(image.nextProducerId, settled.transactions.nextProducerId),
    now,
  });
  disk.replaceFile(disk.join(directory, bootstrapCheckpoint), checkpoint);
  const settings = options.settings ?? {};
  const properties = serverPropertiesText({ nodeId, listen, logDirectory, settings });
  disk.replaceFile(disk.join(directory, serverProperties), Buffer.from(properties));
  finishTarget(disk, directory, { kind: 'graduation', clusterId, begunAt: now });
  return {
    directory,
    clusterId,
    nodeId,
    topics: image.topics.size,
    partitions: settled.epochs.size,
    bytes: settled.bytes,
    transactionsCommitted: settled.transactions.committed,
    transactionsAborted: settled.transactions.aborted,
    groupsEmptied: settled.groupsEmptied,
    notes,
    commands: commandsFor(disk.join(logDirectory, serverProperties), bootstrap),
  };
}

function commandsFor(properties: string, bootstrap: string): string[] {
  return [
    `bin/kafka-server-start.sh ${quoted(properties)}`,
    `bin/kafka-topics.sh --bootstrap-server ${bootstrap} --describe`,
    `bin/kafka-features.sh --bootstrap-server ${bootstrap} upgrade --release-version 4.3`,
  ];
}

function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Kafka splits `log.dirs` at commas, and nothing can escape one. */
function checkName(logDirectory: string): void {
  if (!logDirectory.includes(',')) return;
  throw new KafkaError('INVALID_ARGUMENT', `${logDirectory} has a comma in its name.`, {
    path: logDirectory,
    hint: 'Apache Kafka would take it for two directories: choose another one.',
  });
}

/** Copies the directory where a new one is wanted; else it is worked on where it lies. */
async function broughtOver(
  system: System,
  options: GraduateOptions,
): Promise<{ readonly source: DataDirectory; readonly notes: readonly string[] }> {
  const { disk } = system;
  const { data, out } = options;
  // Looked at before the lock, too, which wants a directory that is there.
  readDataDirectory(disk, data);
  const lock = await disk.lockDirectory(data);
  try {
    const source = readDataDirectory(disk, data);
    if (out === undefined) {
      trimTails(disk, source);
      return { source, notes: [] };
    }
    const plan = planCopy(disk, source, out);
    const { clusterId } = source.meta;
    const begunAt = system.clock.now();
    await fillTarget(system, out, { kind: 'graduation', clusterId, begunAt }, plan, options);
    trimTails(disk, { ...source, root: out });
    return { source, notes: plan.notes };
  } finally {
    await lock.release();
  }
}

/** Starts the storage as a broker would, recovery and all, ends what is open, and stops it. */
async function settle(system: System, directory: string, logger: Logger): Promise<Settled> {
  const options = { data: directory, system, logger };
  const storage = await openStorage(await settingsOf(options), options);
  try {
    const now = system.clock.now();
    const transactions = await settleTransactions(storage.topics, now);
    const groupsEmptied = await settleGroups(storage.topics, now);
    const logs = [...storage.logs.logs()];
    const epochs = logs.map(
      (log) => [directoryOf(log.topic, log.partition), log.latestEpoch] as const,
    );
    const bytes = logs.reduce((sum, log) => sum + log.size, 0);
    return { transactions, groupsEmptied, epochs: new Map(epochs), bytes };
  } finally {
    await storage.journal.close();
    await storage.logs.close();
  }
}

/** Strictly above what the log and the metadata know, so that nobody takes it for an old leader. */
function epochAbove(
  { epochs }: Settled,
  image: MetadataImage,
  topicId: string,
  partition: number,
): number {
  const topic = image.byId(topicId);
  const known = topic?.leaderEpochs[partition] ?? 0;
  const written = topic === undefined ? -1 : (epochs.get(directoryOf(topic.name, partition)) ?? -1);
  return Math.max(known, written) + 1;
}
