import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import { answersFor, byTopicName } from './by-topic.js';
import { type CallOptions, outcomeFor, outcomeOf, retrying, throwOn } from './routing.js';
import { type Outcome, type PartitionOf, valuesOf } from './routing.js';

/** A replica in a log directory. */
export interface LogDirReplica extends PartitionOf {
  /** Bytes on disk. */
  readonly size: number;
  /** How far it lies behind the high watermark; a future log: behind the current one. */
  readonly offsetLag: number;
  /** Whether it is still being copied here and takes over when it has caught up (KIP-113). */
  readonly future: boolean;
}

export interface LogDir {
  readonly path: string;
  /** Why the directory is out of use (`KAFKA_STORAGE_ERROR`); null where it is well. */
  readonly error: KafkaError | null;
  /** Bytes of its disk; null where the broker does not say (KIP-827). */
  readonly totalBytes: number | null;
  readonly usableBytes: number | null;
  /** Whether it takes no new partitions (KIP-1066). */
  readonly cordoned: boolean;
  readonly replicas: readonly LogDirReplica[];
}

export interface BrokerLogDirs {
  readonly broker: number;
  readonly logDirs: readonly LogDir[];
}

export interface DescribeLogDirsOptions extends CallOptions {
  /** Only these partitions; default all. */
  readonly partitions?: readonly PartitionOf[] | undefined;
}

/** A replica: a partition on one broker. */
export interface ReplicaOf extends PartitionOf {
  readonly broker: number;
}

export interface ReplicaLogDirs extends ReplicaOf {
  /** Where it lies; null where the broker has no such replica. */
  readonly path: string | null;
  readonly offsetLag: number;
  /** Where it is being moved to, and how much is missing; null where it stays. */
  readonly future: { readonly path: string; readonly offsetLag: number } | null;
}

export interface ReplicaMove extends ReplicaOf {
  /** A directory among the broker's `log.dirs`, absolute. */
  readonly path: string;
}

export async function describeLogDirs(
  cluster: Cluster,
  brokers: readonly number[] | undefined,
  options: DescribeLogDirsOptions,
): Promise<BrokerLogDirs[]> {
  const known = await cluster.refresh([], { signal: options.signal });
  const asked = brokers ?? [...known.brokers.keys()].sort((a, b) => a - b);
  const outcomes = asked.map((broker) =>
    outcomeFor({ broker }, async () => ({
      broker,
      logDirs: await retrying(cluster, options, () => dirsOf(cluster, broker, options)),
    })),
  );
  return valuesOf('describeLogDirs', await Promise.all(outcomes));
}

async function dirsOf(
  cluster: Cluster,
  broker: number,
  options: DescribeLogDirsOptions,
): Promise<LogDir[]> {
  const { partitions, signal } = options;
  const topics =
    partitions === undefined
      ? null
      : byTopicName(partitions).map(([topic, list]) => ({
          topic,
          partitions: list.map(({ partition }) => partition),
        }));
  const answer = await cluster.send('DescribeLogDirs', { topics }, { broker }, { signal });
  const label = cluster.brokerLabel(broker);
  throwOn(answer.errorCode, undefined, { api: 'DescribeLogDirs', broker: label });
  return answer.results.map((dir) => logDirOf(dir, label));
}

function logDirOf(dir: ResponseDecoded<'DescribeLogDirs'>['results'][number], broker: string) {
  const { errorCode, logDir: path, totalBytes, usableBytes, isCordoned: cordoned } = dir;
  return {
    path,
    error: errorCode === 0 ? null : KafkaError.fromErrno(errorCode, undefined, { broker, path }),
    totalBytes: totalBytes < 0 ? null : totalBytes,
    usableBytes: usableBytes < 0 ? null : usableBytes,
    cordoned,
    replicas: dir.topics.flatMap(({ name: topic, partitions }) =>
      partitions.map((one) => ({
        topic,
        partition: one.partitionIndex,
        size: one.partitionSize,
        offsetLag: one.offsetLag,
        future: one.isFutureKey,
      })),
    ),
  };
}

/** Where single replicas lie, and where they are being moved to. */
export async function describeReplicaLogDirs(
  cluster: Cluster,
  replicas: readonly ReplicaOf[],
  options: CallOptions,
): Promise<ReplicaLogDirs[]> {
  const brokers = [...new Set(replicas.map(({ broker }) => broker))];
  const found = await describeLogDirs(cluster, brokers, { ...options, partitions: replicas });
  return replicas.map(({ topic, partition, broker }) => {
    const dirs = found.find((one) => one.broker === broker)?.logDirs ?? [];
    const places = dirs.flatMap(({ path, replicas: list }) =>
      list
        .filter((one) => one.topic === topic && one.partition === partition)
        .map(({ offsetLag, future }) => ({ path, offsetLag, future })),
    );
    const current = places.find(({ future }) => !future);
    const future = places.find((one) => one.future);
    return {
      topic,
      partition,
      broker,
      path: current?.path ?? null,
      offsetLag: current?.offsetLag ?? -1,
      future: future === undefined ? null : { path: future.path, offsetLag: future.offsetLag },
    };
  });
}

/**
 * Moves replicas to other directories of their brokers. The answer comes when the broker has taken
 * it on; the copy takes its time, see `describeReplicaLogDirs`. For a replica that the broker does
 * not have (yet) it notes where it shall lie and answers REPLICA_NOT_AVAILABLE.
 */
export async function alterReplicaLogDirs(
  cluster: Cluster,
  moves: readonly ReplicaMove[],
  options: CallOptions,
): Promise<void> {
  if (moves.length === 0) return;
  await cluster.refresh([], { signal: options.signal });
  const groups = new Map<number, ReplicaMove[]>();
  for (const move of moves) {
    groups.set(move.broker, [...(groups.get(move.broker) ?? []), move]);
  }
  const asked = [...groups].map(async ([broker, list]) => {
    try {
      return await retrying(cluster, options, () => moveAt(cluster, broker, list, options));
    } catch (error) {
      if (!isKafkaError(error)) throw error;
      return list.map((move): Outcome<undefined> => ({ key: keyOf(move), error }));
    }
  });
  valuesOf('alterReplicaLogDirs', (await Promise.all(asked)).flat());
}

async function moveAt(
  cluster: Cluster,
  broker: number,
  moves: readonly ReplicaMove[],
  options: CallOptions,
): Promise<Outcome<undefined>[]> {
  const paths = [...new Set(moves.map(({ path }) => path))];
  const dirs = paths.map((path) => ({
    path,
    topics: byTopicName(moves.filter((move) => move.path === path)).map(([name, list]) => ({
      name,
      partitions: list.map(({ partition }) => partition),
    })),
  }));
  const { signal } = options;
  const answer = await cluster.send('AlterReplicaLogDirs', { dirs }, { broker }, { signal });
  const topics = answer.results.map(({ topicName: name, partitions }) => ({ name, partitions }));
  return answersFor(moves, topics, (move, one) =>
    outcomeOf(one?.errorCode ?? -1, undefined, keyOf(move), () => undefined),
  );
}

function keyOf({ topic, partition, broker }: ReplicaOf) {
  return { topic, partition, broker };
}
