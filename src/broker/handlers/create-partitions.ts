import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { checkPartitionsAdded, checkReplicas } from './create-topics.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Asked = RequestDecoded<'CreatePartitions'>['topics'][number];

/** CreatePartitions v0–3. The new partitions take records as soon as the answer is out. */
export const createPartitions: Handler<'CreatePartitions'> = async (request, context) => {
  const names = request.topics.map((topic) => topic.name);
  const unique = request.topics.filter((topic, at) => names.indexOf(topic.name) === at);
  const results = await Promise.all(
    unique.map(async (asked) => {
      try {
        if (names.indexOf(asked.name) !== names.lastIndexOf(asked.name)) {
          throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.');
        }
        await createOf(asked, request.validateOnly, context);
        return { name: asked.name, errorCode: 0, errorMessage: null };
      } catch (error) {
        return { name: asked.name, ...errorAnswer(error, context.broker.logger) };
      }
    }),
  );
  return { results };
};

async function createOf(
  asked: Asked,
  validateOnly: boolean,
  context: RequestContext,
): Promise<void> {
  const { topics, nodes } = context.broker;
  const topic = topics.byName(asked.name);
  if (topic === undefined) {
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      'This server does not host this topic-partition.',
    );
  }
  const now = topic.partitionCount;
  if (asked.count === now) {
    throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${now} partition(s).`);
  }
  if (asked.count < now) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `The topic ${asked.name} currently has ${now} partition(s); ` +
        `${asked.count} would not be an increase.`,
    );
  }
  const added = asked.count - now;
  checkPartitionsAdded(added);
  if (asked.assignments !== null) {
    if (asked.assignments.length !== added) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Attempted to add ${added} additional partition(s), ` +
          `but only ${asked.assignments.length} assignment(s) were specified.`,
      );
    }
    for (const one of asked.assignments) checkReplicas(one.brokerIds, nodes);
  }
  const assigned = asked.assignments?.map(({ brokerIds }) => brokerIds);
  if (!validateOnly) await topics.grow(topic, asked.count, assigned);
}
