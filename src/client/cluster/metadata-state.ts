import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type {
  Broker,
  ClusterMetadata,
  PartitionMetadata,
  TopicMetadata,
} from './cluster-metadata.js';

type MetadataResponse = ResponseDecoded<'Metadata'>;
type TopicResponse = MetadataResponse['topics'][number];

/** A topic unused for so long leaves the background refresh (Kafka's `metadata.max.idle.ms`). */
const topicIdleMs = 300_000;

/** What changed with an answer, for the log and for listeners. */
export interface MetadataChange {
  readonly changed: boolean;
  /** Topics that have another id than before: deleted and created again. */
  readonly recreated: readonly string[];
}

/**
 * The newest accepted metadata. Pure: answers go in, snapshots come out. An answer about a
 * partition with an older leader epoch than the one known is stale and refused, unless the topic
 * has another id, which means that it was deleted and created again.
 */
export class MetadataState {
  #snapshot: ClusterMetadata = {
    clusterId: null,
    controllerId: -1,
    brokers: new Map(),
    topics: new Map(),
  };
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #namesById = new Map<string, string>();
  readonly #lastUsed = new Map<string, number>();
  /** Who uses topics all the time, however quiet they are. */
  readonly #keepers = new Set<() => Iterable<string>>();

  get snapshot(): ClusterMetadata {
    return this.#snapshot;
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  topicName(id: string): string | undefined {
    return this.#namesById.get(id);
  }

  /** Keeps a topic in the background refresh. */
  use(name: string, nowMs: number): void {
    this.#lastUsed.set(name, nowMs);
  }

  /** Counts the topics that `names` gives as in use, until the returned function is called. */
  keep(names: () => Iterable<string>): () => void {
    this.#keepers.add(names);
    return () => void this.#keepers.delete(names);
  }

  /** The topics in use; those idle for five minutes are forgotten with what was known of them. */
  inUse(nowMs: number): string[] {
    for (const names of this.#keepers) for (const name of names()) this.use(name, nowMs);
    for (const [name, usedAt] of this.#lastUsed) {
      if (nowMs - usedAt > topicIdleMs) {
        this.#lastUsed.delete(name);
        this.#forget(name);
      }
    }
    return [...this.#lastUsed.keys()];
  }

  /** Takes an answer over. `all` says that topics it does not name do not exist. */
  accept(response: MetadataResponse, all: boolean): MetadataChange {
    const before = this.#snapshot;
    const recreated: string[] = [];
    let changed = before.clusterId !== response.clusterId;
    const named = new Set<string>();
    for (const answer of response.topics) {
      // Asked by id and unknown there: the answer has no name.
      const name = answer.name ?? this.#namesById.get(answer.topicId);
      if (name === undefined || name === null) continue;
      named.add(name);
      const known = this.#topics.get(name);
      const topic = merge(name, known, answer);
      if (known !== undefined && isRecreated(known, topic)) recreated.push(name);
      if (known === undefined || !sameTopic(known, topic)) {
        this.#put(topic, known);
        changed = true;
      }
    }
    if (all) {
      for (const name of this.#topics.keys()) {
        if (!named.has(name)) {
          this.#forget(name);
          changed = true;
        }
      }
    }
    const brokers = brokersOf(response);
    changed ||= !sameBrokers(before.brokers, brokers);
    this.#publish(response.clusterId, response.controllerId, brokers);
    return { changed, recreated };
  }

  /** A newer leader, named in an answer to another request (KIP-951). */
  leaderHint(name: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const topic = this.#topics.get(name);
    const known = topic?.partitions[partition];
    if (topic === undefined || known === undefined || leaderEpoch <= known.leaderEpoch)
      return false;
    const partitions = topic.partitions.slice();
    partitions[partition] = { ...known, leader, leaderEpoch };
    this.#put({ ...topic, partitions }, topic);
    this.#publish(this.#snapshot.clusterId, this.#snapshot.controllerId, this.#snapshot.brokers);
    return true;
  }

  /** Brokers learnt elsewhere (leader hints, coordinators) join those known. */
  addBrokers(more: readonly Broker[]): void {
    const brokers = new Map(this.#snapshot.brokers);
    for (const broker of more) brokers.set(broker.id, broker);
    this.#publish(this.#snapshot.clusterId, this.#snapshot.controllerId, brokers);
  }

  #put(topic: TopicMetadata, known: TopicMetadata | undefined): void {
    if (known !== undefined && known.id !== topic.id) this.#namesById.delete(known.id);
    this.#topics.set(topic.name, topic);
    if (topic.id !== zeroUuid) this.#namesById.set(topic.id, topic.name);
  }

  #forget(name: string): void {
    const known = this.#topics.get(name);
    if (known !== undefined) this.#namesById.delete(known.id);
    this.#topics.delete(name);
  }

  #publish(
    clusterId: string | null,
    controllerId: number,
    brokers: ReadonlyMap<number, Broker>,
  ): void {
    this.#snapshot = { clusterId, controllerId, brokers, topics: new Map(this.#topics) };
  }
}

function brokersOf(response: MetadataResponse): Map<number, Broker> {
  const brokers = new Map<number, Broker>();
  for (const { nodeId, host, port, rack } of response.brokers) {
    brokers.set(nodeId, { id: nodeId, host, port, rack });
  }
  return brokers;
}

function merge(
  name: string,
  known: TopicMetadata | undefined,
  answer: TopicResponse,
): TopicMetadata {
  const error = errorCodeOf(answer.errorCode);
  const id = answer.topicId === zeroUuid && known !== undefined ? known.id : answer.topicId;
  const sameLife = known !== undefined && known.id === id;
  const partitions: PartitionMetadata[] = [];
  const sorted = answer.partitions.slice().sort((a, b) => a.partitionIndex - b.partitionIndex);
  for (const { partitionIndex, leaderId, leaderEpoch, ...rest } of sorted) {
    if (partitionIndex !== partitions.length) break;
    const old = sameLife ? known.partitions[partitionIndex] : undefined;
    if (old !== undefined && leaderEpoch !== -1 && leaderEpoch < old.leaderEpoch) {
      partitions.push(old);
      continue;
    }
    partitions.push({
      partition: partitionIndex,
      leader: leaderId,
      leaderEpoch,
      replicas: rest.replicaNodes,
      isr: rest.isrNodes,
      offlineReplicas: rest.offlineReplicas,
    });
  }
  return { name, id, internal: answer.isInternal, error, partitions };
}

function isRecreated(known: TopicMetadata, topic: TopicMetadata): boolean {
  return known.id !== topic.id && known.id !== zeroUuid && topic.id !== zeroUuid;
}

function sameTopic(a: TopicMetadata, b: TopicMetadata): boolean {
  if (a.id !== b.id || a.error !== b.error || a.partitions.length !== b.partitions.length) {
    return false;
  }
  return a.partitions.every((one, index) => samePartition(one, b.partitions[index]));
}

function samePartition(a: PartitionMetadata, b: PartitionMetadata | undefined): boolean {
  return (
    b !== undefined &&
    a.leader === b.leader &&
    a.leaderEpoch === b.leaderEpoch &&
    sameNumbers(a.replicas, b.replicas) &&
    sameNumbers(a.isr, b.isr) &&
    sameNumbers(a.offlineReplicas, b.offlineReplicas)
  );
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function sameBrokers(a: ReadonlyMap<number, Broker>, b: ReadonlyMap<number, Broker>): boolean {
  if (a.size !== b.size) return false;
  for (const [id, one] of a) {
    const other = b.get(id);
    if (other === undefined || other.host !== one.host || other.port !== one.port) return false;
  }
  return true;
}
