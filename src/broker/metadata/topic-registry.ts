import { KafkaError } from '../../errors/index.js';
import type { Logger, System } from '../../system/index.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { TopicOverrides } from '../config/topic-config.js';
import { logConfigOf } from '../config/log-config-of.js';
import type { LogManager } from '../log/index.js';
import { Partition, type PartitionPlace } from '../partition/partition.js';
import type { InternalTopicSettings } from '../partition/partition-internal-topic.js';
import type { Nodes } from '../cluster/nodes.js';
import type { MetadataImage, TopicImage } from './metadata-image.js';
import type { MetadataJournal } from './metadata-journal.js';
import { configChanges, type MetadataRecord, resourceType } from './metadata-record.js';
import { ProducerIds } from './producer-ids.js';
import { Topic } from './topic.js';
import type { TopicFacts, TopicLookup } from './topic-lookup.js';
import { collisionKey, isInternalTopic, topicNameFault } from './topic-name.js';

export interface TopicRegistryParts {
  readonly image: MetadataImage;
  readonly journal: MetadataJournal;
  readonly logs: LogManager;
  readonly nodes: Nodes;
  readonly config: BrokerConfig;
  readonly system: System;
  readonly logger: Logger;
  /** What an internal topic is created with; undefined for one that only clients could want. */
  readonly internalSettings: (name: string) => InternalTopicSettings | undefined;
}

/** A partition and where it shall be. */
export interface PartitionMove extends PartitionPlace {
  readonly topic: TopicFacts;
  readonly partition: Partition;
}

/**
 * All topics of the broker. A change is first written to the metadata journal and synced, then
 * the logs are made or removed, then everybody sees it; so a crash in between leaves either the
 * old state or one that the next start completes.
 */
export class TopicRegistry implements TopicLookup {
  readonly #parts: TopicRegistryParts;
  readonly #topics = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  /** Collision keys of the topics that exist or are being created. */
  readonly #names = new Map<string, string>();
  readonly #deleting = new Set<Topic>();
  readonly #deletedListeners: ((topic: TopicFacts) => void)[] = [];
  readonly #producerIds: ProducerIds;
  #version = 0;

  /** Opens the partitions of every topic in the image; directories that are missing are made. */
  constructor(parts: TopicRegistryParts) {
    this.#parts = parts;
    this.#producerIds = new ProducerIds(parts.image.nextProducerId, (nextProducerId) =>
      this.#record([{ type: 'producerIds', nextProducerId }]),
    );
    for (const image of parts.image.topics.values()) {
      this.#names.set(collisionKey(image.name), image.name);
      this.#show(this.#open(image));
    }
  }

  get version(): number {
    return this.#version;
  }

  byName(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  onDeleted(run: (topic: TopicFacts) => void): void {
    this.#deletedListeners.push(run);
  }

  nextProducerId(): Promise<number> {
    return this.#producerIds.next();
  }

  /** Fails in Kafka's words when no topic of this name can be created. */
  checkNewName(name: string): void {
    const fault = topicNameFault(name);
    if (fault !== undefined) throw new KafkaError('INVALID_TOPIC_EXCEPTION', fault);
    const holder = this.#names.get(collisionKey(name));
    if (holder === undefined) return;
    if (holder === name) {
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
    }
    throw new KafkaError(
      'INVALID_TOPIC_EXCEPTION',
      `Topic '${name}' collides with existing topic: ${holder}`,
    );
  }

  /**
   * Creates a topic; `overrides` must have been checked. `placement` is the replication factor, or
   * the replicas of every partition; default `default.replication.factor`.
   */
  async create(
    name: string,
    partitions: number,
    overrides: TopicOverrides,
    placement: number | readonly (readonly number[])[] = this.#defaultFactor(),
  ): Promise<Topic> {
    this.checkNewName(name);
    this.#names.set(collisionKey(name), name);
    const id = this.#freshId();
    const { nodes } = this.#parts;
    const replicas =
      typeof placement === 'number'
        ? nodes.spread(partitions, placement, this.#topics.size)
        : placement;
    try {
      await this.#record([
        { type: 'topic', name, topicId: id },
        ...partitionRecords(id, 0, replicas),
        ...configChanges(configsOf(name), {}, overrides),
      ]);
      const topic = this.#open(this.#imageOf(name));
      this.#show(topic);
      return topic;
    } catch (error) {
      await this.#undoCreation(name, id);
      throw error;
    }
  }

  /**
   * Creates a topic with the defaults; nobody waits for it, and failures go to the log. False when
   * there will be no topic of this name.
   */
  createInBackground(name: string): boolean {
    const holder = this.#names.get(collisionKey(name));
    if (holder !== undefined) return holder === name;
    const internal = this.#parts.internalSettings(name);
    if (internal === undefined && isInternalTopic(name)) return false;
    const partitions = internal?.partitions ?? this.#parts.config.number('num.partitions');
    const factor = internal?.replicationFactor ?? this.#defaultFactor();
    this.create(name, partitions, internal?.overrides ?? {}, factor).catch((error: unknown) => {
      this.#parts.logger.error(`Topic ${name} could not be created: ${String(error)}`);
    });
    return true;
  }

  async delete(topic: Topic): Promise<void> {
    if (this.#deleting.has(topic) || this.#topics.get(topic.name) !== topic) {
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic ${topic.name} is gone already.`);
    }
    this.#deleting.add(topic);
    try {
      await this.#record([{ type: 'removeTopic', topicId: topic.id }]);
      this.#topics.delete(topic.name);
      this.#byId.delete(topic.id);
      this.#version += 1;
      for (const partition of topic.partitions) {
        partition.markDeleted();
        this.#parts.logs.deleteLog(topic.name, partition.index);
      }
      this.#names.delete(collisionKey(topic.name));
    } finally {
      this.#deleting.delete(topic);
    }
    for (const run of this.#deletedListeners) run(topic);
  }

  /** Adds partitions up to `count`; `assigned` are the replicas of each, default spread. */
  async grow(
    topic: Topic,
    count: number,
    assigned?: readonly (readonly number[])[],
  ): Promise<void> {
    const from = topic.partitionCount;
    const [first] = topic.partitions;
    const { nodes } = this.#parts;
    const start = Math.max(0, nodes.ids.indexOf(first?.replicas[0] ?? -1)) + from;
    const replicas = assigned ?? nodes.spread(count - from, first?.replicas.length ?? 1, start);
    await this.#record(partitionRecords(topic.id, from, replicas));
    const image = this.#imageOf(topic.name);
    // Somebody else may have grown it meanwhile: only what is missing is added.
    for (let index = topic.partitionCount; index < count; index++) {
      topic.partitions.push(this.#openPartition(topic, index, image));
    }
    this.#version += 1;
  }

  /** Gives partitions other replicas or another leader; they move once that is written down. */
  async place(moves: readonly PartitionMove[]): Promise<void> {
    if (moves.length === 0) return;
    await this.#record(
      moves.map(({ topic, partition, replicas, leaderEpoch }) => ({
        type: 'partition',
        topicId: topic.id,
        partition: partition.index,
        leaderEpoch,
        replicas,
      })),
    );
    for (const { partition, ...place } of moves) partition.moveTo(place);
    this.#version += 1;
  }

  #defaultFactor(): number {
    return this.#parts.config.number('default.replication.factor');
  }

  /** Replaces what the topic sets for itself; `overrides` must have been checked. */
  async configure(topic: Topic, overrides: TopicOverrides): Promise<void> {
    const records = configChanges(configsOf(topic.name), topic.overrides, overrides);
    if (records.length > 0) await this.#record(records);
    topic.setOverrides(this.#imageOf(topic.name).configs);
    const logConfig = logConfigOf(topic.config);
    for (const partition of topic.partitions) partition.log.updateConfig(logConfig);
  }

  /** Has the logs take over the configs of their topics, whose defaults are others now. */
  defaultsChanged(): void {
    for (const topic of this.#topics.values()) {
      const logConfig = logConfigOf(topic.config);
      for (const partition of topic.partitions) partition.log.updateConfig(logConfig);
    }
  }

  /** Writes the records and replays them; resolves when they are synced. */
  async #record(records: readonly MetadataRecord[]): Promise<void> {
    // Where this throws nothing was written, and nothing is replayed either.
    const synced = this.#parts.journal.append(records);
    for (const record of records) this.#parts.image.replay(record);
    await synced;
  }

  async #undoCreation(name: string, id: string): Promise<void> {
    const { image, logs, logger } = this.#parts;
    this.#names.delete(collisionKey(name));
    if (image.byId(id) === undefined) return;
    try {
      for (const index of this.#imageOf(name).leaderEpochs.keys()) {
        if (logs.log(name, index) !== undefined) logs.deleteLog(name, index);
      }
      await this.#record([{ type: 'removeTopic', topicId: id }]);
    } catch (error) {
      logger.error(`What was left of creating topic ${name} stays: ${String(error)}`);
    }
  }

  #imageOf(name: string): TopicImage {
    const image = this.#parts.image.topics.get(name);
    if (image !== undefined) return image;
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic ${name} was deleted meanwhile.`);
  }

  #freshId(): string {
    for (;;) {
      const id = this.#parts.system.random.uuid();
      if (this.#parts.image.byId(id) === undefined) return id;
    }
  }

  #open(image: TopicImage): Topic {
    const topic = new Topic(image.name, image.id, image.configs, this.#parts.config);
    for (const index of image.leaderEpochs.keys()) {
      topic.partitions.push(this.#openPartition(topic, index, image));
    }
    return topic;
  }

  #openPartition(topic: Topic, index: number, image: TopicImage): Partition {
    const { logs, nodes } = this.#parts;
    const log =
      logs.log(topic.name, index) ??
      logs.createLog(topic.name, index, topic.id, logConfigOf(topic.config));
    const replicas = nodes.known(image.replicas[index] ?? [], index);
    const leader = nodes.leaderAmong(replicas);
    return new Partition(log, { replicas, leader, leaderEpoch: image.leaderEpochs[index] ?? 0 });
  }

  #show(topic: Topic): void {
    this.#topics.set(topic.name, topic);
    this.#byId.set(topic.id, topic);
    this.#version += 1;
  }
}

/** Records of new partitions, counted from `from`, with the replicas of each. */
function partitionRecords(
  topicId: string,
  from: number,
  placement: readonly (readonly number[])[],
): MetadataRecord[] {
  return placement.map((replicas, at) => ({
    type: 'partition',
    topicId,
    partition: from + at,
    leaderEpoch: 0,
    replicas,
  }));
}

function configsOf(topic: string) {
  return { resourceType: resourceType.topic, resourceName: topic };
}
