import type { Kafka, NewTopic } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { Logger } from '../system/index.js';
import type { RetryTopic } from './retry-topics.js';

/** The checks of a start say in seconds, not in a minute, that there is no broker. */
export const checkTimeoutMs = 15_000;

/** Fails when a topic is missing: a pipeline that waits for nothing helps nobody. */
export async function requireTopics(
  kafka: Kafka,
  topics: readonly string[] | RegExp,
  timeoutMs = checkTimeoutMs,
): Promise<void> {
  const admin = kafka.admin();
  try {
    if (topics instanceof RegExp) {
      await admin.listTopics({ timeoutMs });
      return;
    }
    if (topics.length === 0) {
      throw new KafkaError('INVALID_ARGUMENT', 'The pipeline names no topic.');
    }
    const names = new Set(
      (await admin.listTopics({ timeoutMs, internal: true })).map((t) => t.name),
    );
    for (const topic of topics) {
      if (names.has(topic)) continue;
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic '${topic}'.`, {
        topic,
        hint: `Create it first: kafkit topics create ${topic}`,
      });
    }
  } finally {
    await admin.close();
  }
}

/** The same for what is written; a pattern may stand for topics that come later. */
export async function requireTarget(kafka: Kafka, topic: string): Promise<void> {
  if (!topic.includes('${topic}')) await requireTopics(kafka, [topic]);
}

/** Creates a topic unless it is there. */
export async function createMissingTopic(
  kafka: Kafka,
  topic: NewTopic,
  logger: Logger,
): Promise<void> {
  const admin = kafka.admin();
  try {
    const there = await admin.listTopics({ timeoutMs: checkTimeoutMs, internal: true });
    if (there.some(({ name }) => name === topic.name)) return;
    await admin.createTopics([topic], { timeoutMs: checkTimeoutMs });
    logger.info(`created the topic ${topic.name}`);
  } catch (error) {
    if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
  } finally {
    await admin.close();
  }
}

/** Creates the topics in which records wait, as wide as the widest of those that are read. */
export async function createRetryTopics(
  kafka: Kafka,
  topics: readonly string[] | RegExp,
  retries: readonly RetryTopic[],
  logger: Logger,
): Promise<void> {
  if (retries.length === 0) return;
  const admin = kafka.admin();
  let partitions = 1;
  try {
    for (const topic of await admin.listTopics({ timeoutMs: checkTimeoutMs })) {
      const isRead =
        topics instanceof RegExp ? topics.test(topic.name) : topics.includes(topic.name);
      if (isRead) partitions = Math.max(partitions, topic.partitions);
    }
  } finally {
    await admin.close();
  }
  for (const { topic } of retries) {
    await createMissingTopic(kafka, { name: topic, partitions }, logger);
  }
}
