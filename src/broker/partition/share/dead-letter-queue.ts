import { KafkaError } from '../../../errors/index.js';
import { batchesIn, RecordBatchBuilder, type RecordView } from '../../../records/index.js';
import type { Clock, Logger } from '../../../system/index.js';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { TopicRegistry } from '../../metadata/topic-registry.js';
import type { Topic } from '../../metadata/topic.js';
import type { Partition } from '../partition.js';
import type { DeadLetters } from './share-partition.js';
import type { ShareSettings } from './share-settings.js';

export interface DeadLetterQueueParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: TopicRegistry;
  readonly config: BrokerConfig;
  readonly settingsOf: (groupId: string) => ShareSettings;
}

/** A topic that groups may use says so. */
const enabledName = 'errors.deadletterqueue.group.enable';
/** What a copy is read in; more where one batch is larger. */
const readBytes = 1 << 20;

/**
 * Notes records that members of share groups reject, or that were given out too often, in the topic
 * that their group names (KIP-1191): each with headers that say where it was and why it is there,
 * and, where the group wants that, as a copy.
 */
export class DeadLetterQueue {
  readonly #parts: DeadLetterQueueParts;

  constructor(parts: DeadLetterQueueParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when all is durable. Never fails: what cannot be noted is logged, and put aside all
   * the same, as Kafka does, since no member should have to wait for a topic that is missing.
   */
  async bury(groupId: string, source: Partition, dead: readonly DeadLetters[]): Promise<void> {
    const { deadLetterTopic, copiesDeadLetters } = this.#parts.settingsOf(groupId);
    if (deadLetterTopic === '') return;
    try {
      const topic = await this.#topicOf(groupId, deadLetterTopic);
      const target = topic.partitions[source.index % topic.partitionCount];
      if (target === undefined) throw unusable(groupId, topic.name, 'has no partitions');
      for (const letters of dead) {
        await this.#write(target, groupId, source, letters, copiesDeadLetters);
      }
    } catch (error) {
      const what = dead.map(({ firstOffset, lastOffset }) => `${firstOffset}–${lastOffset}`);
      this.#parts.logger.warn(
        `Records ${what.join(', ')} of ${source.topic}-${source.index} are put aside without ` +
          `being in the dead-letter queue ${deadLetterTopic} of group ${groupId}.`,
        { error },
      );
    }
  }

  async #topicOf(groupId: string, name: string): Promise<Topic> {
    const { topics, config } = this.#parts;
    if (name.startsWith('__')) throw unusable(groupId, name, 'must not begin with two underscores');
    const existing = topics.byName(name);
    if (existing !== undefined && existing.overrides[enabledName] !== 'true') {
      throw unusable(groupId, name, `needs ${enabledName}=true`);
    }
    const prefix = config.text('errors.deadletterqueue.topic.name.prefix');
    if (!name.startsWith(prefix)) {
      throw unusable(groupId, name, `must begin with errors.deadletterqueue.topic.name.prefix`);
    }
    if (existing !== undefined) return existing;
    if (config.text('errors.deadletterqueue.auto.create.topics.enable') !== 'true') {
      const how = 'create it, or set errors.deadletterqueue.auto.create.topics.enable';
      throw unusable(groupId, name, `does not exist: ${how}`);
    }
    const overrides = { [enabledName]: 'true', 'message.timestamp.type': 'CreateTime' };
    try {
      return await topics.create(name, config.number('num.partitions'), overrides);
    } catch (error) {
      // Another share partition needed it, too.
      const made = topics.byName(name);
      if (made !== undefined) return made;
      throw error;
    }
  }

  async #write(
    target: Partition,
    groupId: string,
    source: Partition,
    letters: DeadLetters,
    isCopy: boolean,
  ): Promise<void> {
    const { clock } = this.#parts;
    const sizeLimit = target.log.config.maxMessageBytes;
    let builder = new RecordBatchBuilder({ sizeLimit });
    for await (const [offset, original] of originals(source, letters, isCopy)) {
      const record = {
        timestamp: clock.now(),
        key: original?.key ?? null,
        value: original?.value ?? null,
        headers: [...(original?.headers ?? []), ...headersOf(groupId, source, offset, letters)],
      };
      if (builder.append(record) !== undefined) continue;
      await append(target, builder, clock.now());
      builder = new RecordBatchBuilder({ sizeLimit });
      builder.append(record);
    }
    await append(target, builder, clock.now());
  }
}

async function append(target: Partition, builder: RecordBatchBuilder, now: number): Promise<void> {
  const appended = target.append(builder.build(), { origin: 'client', now, urgent: true });
  const { lastOffset } = appended instanceof Promise ? await appended : appended;
  await target.replicated(lastOffset + 1);
}

/** Every offset of a range, with the record that it had where that is wanted and still there. */
async function* originals(
  source: Partition,
  { firstOffset, lastOffset }: DeadLetters,
  isCopy: boolean,
): AsyncGenerator<readonly [offset: number, record: RecordView | undefined]> {
  let offset = firstOffset;
  while (isCopy && offset <= lastOffset && offset >= source.logStartOffset) {
    const before = offset;
    const { chunks } = source.read(offset, readBytes, source.highWatermark, true);
    for (const batch of chunks.flatMap((chunk) => [...batchesIn(chunk)])) {
      if (batch.nextOffset <= offset || batch.baseOffset > lastOffset) continue;
      for (const record of await batch.recordsAsync()) {
        if (record.offset < offset || record.offset > lastOffset) continue;
        while (offset < record.offset) yield [offset++, undefined];
        yield [offset++, record];
      }
      while (offset <= Math.min(batch.lastOffset, lastOffset)) yield [offset++, undefined];
    }
    if (offset === before) break;
  }
  while (offset <= lastOffset) yield [offset++, undefined];
}

function headersOf(
  groupId: string,
  source: Partition,
  offset: number,
  { deliveryCount, cause }: DeadLetters,
) {
  const texts = {
    topic: source.topic,
    partition: source.index,
    offset,
    group: groupId,
    'delivery.count': deliveryCount,
    message: cause,
  };
  return Object.entries(texts).map(([name, text]) => ({
    key: `__dlq.errors.${name}`,
    value: Buffer.from(String(text)),
  }));
}

function unusable(groupId: string, topic: string, why: string): KafkaError {
  return new KafkaError(
    'INVALID_CONFIG',
    `The topic ${topic} cannot be the dead-letter queue of group ${groupId}: it ${why}.`,
    { topic },
  );
}
