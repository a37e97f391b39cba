import { zeroUuid } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import type { ResponseInput } from '../../protocol/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type TopicAnswer = NonNullable<ResponseInput<'DeleteTopics'>['responses']>[number];

interface Asked {
  readonly name: string | null;
  readonly topicId: string;
}

/** DeleteTopics v1–6, by name or (v6) by id. Answers when the topics are gone for good. */
export const deleteTopics: Handler<'DeleteTopics'> = async (request, context) => {
  const asked: Asked[] =
    context.version >= 6
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: zeroUuid }));
  const twice = namedTwice(asked);
  const responses: TopicAnswer[] = [];
  const answered = new Set<string>();
  for (const one of asked) {
    const key = keyOf(one);
    if (answered.has(key)) continue;
    answered.add(key);
    responses.push(await deleteTopic(one, twice.has(key), context));
  }
  return { responses };
};

function keyOf(asked: Asked): string {
  return asked.name === null ? `id ${asked.topicId}` : `name ${asked.name}`;
}

function namedTwice(asked: readonly Asked[]): Set<string> {
  const keys = asked.map(keyOf);
  return new Set(keys.filter((key, at) => keys.indexOf(key) !== at));
}

async function deleteTopic(
  asked: Asked,
  duplicate: boolean,
  context: RequestContext,
): Promise<TopicAnswer> {
  const { topics, config, logger } = context.broker;
  try {
    if (duplicate) throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name or id.');
    if (asked.name !== null && asked.topicId !== zeroUuid) {
      throw new KafkaError('INVALID_REQUEST', 'You may not specify both topic name and topic id.');
    }
    if (!config.boolean('delete.topic.enable')) {
      throw new KafkaError('TOPIC_DELETION_DISABLED', 'This broker does not delete topics.');
    }
    const topic = asked.name === null ? topics.byId(asked.topicId) : topics.byName(asked.name);
    if (topic === undefined) {
      throw asked.name === null
        ? new KafkaError('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
        : new KafkaError(
            'UNKNOWN_TOPIC_OR_PARTITION',
            'This server does not host this topic-partition.',
          );
    }
    await topics.delete(topic);
    return { name: topic.name, topicId: topic.id, errorCode: 0 };
  } catch (error) {
    return { name: asked.name, topicId: asked.topicId, ...errorAnswer(error, logger) };
  }
}
