import { KafkaError } from '../../errors/index.js';
import { type MetadataRecord, resourceType } from './metadata-record.js';

/** A topic as the metadata records tell it. */
export interface TopicImage {
  readonly name: string;
  readonly id: string;
  /** The leader epoch of every partition. */
  readonly leaderEpochs: number[];
  /** The nodes that keep each partition, the preferred leader first. */
  readonly replicas: (readonly number[])[];
  /** What the topic sets for itself. */
  configs: Record<string, string>;
}

/**
 * The metadata of the cluster as the sum of its records. Replaying the records of `snapshot`
 * into an empty image gives the same image.
 */
export class MetadataImage {
  readonly topics = new Map<string, TopicImage>();
  readonly #byId = new Map<string, TopicImage>();
  /** Dynamic configs of brokers by resource name; the empty name is the cluster-wide default. */
  readonly brokerConfigs = new Map<string, Record<string, string>>();
  /** What groups have set for themselves, by group id. */
  readonly groupConfigs = new Map<string, Record<string, string>>();
  nextProducerId = 0;

  byId(id: string): TopicImage | undefined {
    return this.#byId.get(id);
  }

  replay(record: MetadataRecord): void {
    switch (record.type) {
      case 'topic':
        this.#addTopic(record.name, record.topicId);
        return;
      case 'partition': {
        const topic = this.#topic(record.topicId);
        topic.leaderEpochs[record.partition] = record.leaderEpoch;
        topic.replicas[record.partition] = record.replicas;
        return;
      }
      case 'removeTopic': {
        const topic = this.#byId.get(record.topicId);
        // Taking back a creation that never reached the disk is no contradiction.
        if (topic === undefined) return;
        this.topics.delete(topic.name);
        this.#byId.delete(topic.id);
        return;
      }
      case 'config':
        this.#setConfig(record.resourceType, record.resourceName, record.name, record.value);
        return;
      case 'producerIds':
        this.nextProducerId = Math.max(this.nextProducerId, record.nextProducerId);
    }
  }

  #addTopic(name: string, id: string): void {
    const topic: TopicImage = { name, id, leaderEpochs: [], replicas: [], configs: {} };
    this.topics.set(name, topic);
    this.#byId.set(id, topic);
  }

  #topic(id: string): TopicImage {
    const topic = this.#byId.get(id);
    if (topic === undefined) {
      throw new KafkaError(
        'DATA_DIRECTORY_INVALID',
        `The metadata journal speaks of a topic with id ${id} that it never introduced.`,
      );
    }
    return topic;
  }

  #setConfig(type: number, resource: string, name: string, value: string | null): void {
    const before = this.#configsOf(type, resource);
    if (before === undefined) return;
    const { [name]: _gone, ...rest } = before;
    const configs = value === null ? rest : { ...rest, [name]: value };
    if (type === resourceType.broker) this.brokerConfigs.set(resource, configs);
    else if (type === resourceType.group) this.#setGroupConfigs(resource, configs);
    else this.#topicNamed(resource).configs = configs;
  }

  #setGroupConfigs(groupId: string, configs: Record<string, string>): void {
    if (Object.keys(configs).length === 0) this.groupConfigs.delete(groupId);
    else this.groupConfigs.set(groupId, configs);
  }

  #configsOf(type: number, resource: string): Record<string, string> | undefined {
    if (type === resourceType.broker) return this.brokerConfigs.get(resource) ?? {};
    if (type === resourceType.group) return this.groupConfigs.get(resource) ?? {};
    return type === resourceType.topic ? this.#topicNamed(resource).configs : undefined;
  }

  #topicNamed(name: string): TopicImage {
    const topic = this.topics.get(name);
    if (topic === undefined) {
      throw new KafkaError(
        'DATA_DIRECTORY_INVALID',
        `The metadata journal configures topic ${name}, which it never introduced.`,
      );
    }
    return topic;
  }

  /** The fewest records that make this image. */
  *snapshot(): Generator<MetadataRecord> {
    for (const topic of this.topics.values()) {
      yield { type: 'topic', name: topic.name, topicId: topic.id };
      for (const [partition, leaderEpoch] of topic.leaderEpochs.entries()) {
        const replicas = topic.replicas[partition] ?? [];
        yield { type: 'partition', topicId: topic.id, partition, leaderEpoch, replicas };
      }
      yield* configRecords(resourceType.topic, topic.name, topic.configs);
    }
    for (const [broker, configs] of this.brokerConfigs) {
      yield* configRecords(resourceType.broker, broker, configs);
    }
    for (const [groupId, configs] of this.groupConfigs) {
      yield* configRecords(resourceType.group, groupId, configs);
    }
    if (this.nextProducerId > 0) {
      yield { type: 'producerIds', nextProducerId: this.nextProducerId };
    }
  }
}

function* configRecords(
  type: number,
  resourceName: string,
  configs: Readonly<Record<string, string>>,
): Generator<MetadataRecord> {
  for (const [name, value] of Object.entries(configs)) {
    yield { type: 'config', resourceType: type, resourceName, name, value };
  }
}
