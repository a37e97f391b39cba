import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { topicConfigFacts } from '../config/topic-configs.js';
import { checkTopicConfigs } from '../config/topic-config.js';
import { resourceType } from '../metadata/metadata-record.js';
import type { Topic } from '../metadata/topic.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Change = RequestDecoded<'IncrementalAlterConfigs'>['resources'][number]['configs'][number];

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** AlterConfigs v0–2: the configs of the request replace all that the topic had set. */
export const alterConfigs: Handler<'AlterConfigs'> = async (request, context) => {
  const responses = await answerEach(request.resources, context, async (asked, topic) => {
    expectOnce(asked.configs.map((config) => config.name));
    const overrides = checkTopicConfigs(
      asked.configs.map((config) => [config.name, config.value] as const),
    );
    if (!request.validateOnly) await context.broker.topics.configure(topic, overrides);
  });
  return { responses };
};

/** IncrementalAlterConfigs v0–1 (KIP-339): set, delete, append and subtract, config by config. */
export const incrementalAlterConfigs: Handler<'IncrementalAlterConfigs'> = async (
  request,
  context,
) => {
  const responses = await answerEach(request.resources, context, async (asked, topic) => {
    expectOnce(asked.configs.map((config) => config.name));
    const wanted = new Map(Object.entries(topic.overrides));
    for (const change of asked.configs) apply(change, wanted, topic);
    const overrides = checkTopicConfigs(wanted);
    if (!request.validateOnly) await context.broker.topics.configure(topic, overrides);
  });
  return { responses };
};

async function answerEach<R extends Resource>(
  resources: readonly R[],
  context: RequestContext,
  alter: (resource: R, topic: Topic) => Promise<void>,
) {
  const answers = [];
  for (const resource of resources) {
    const about = {
      resourceType: resource.resourceType,
      resourceName: resource.resourceName,
    };
    try {
      await alter(resource, topicOf(resource, context));
      answers.push({ errorCode: 0, errorMessage: null, ...about });
    } catch (error) {
      answers.push({ ...errorAnswer(error, context.broker.logger), ...about });
    }
  }
  return answers;
}

function topicOf(resource: Resource, { broker }: RequestContext): Topic {
  if (resource.resourceType === resourceType.broker) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'The configuration of this broker does not change while it runs: ' +
        'set it in server.properties or by -o and start the broker again.',
    );
  }
  if (resource.resourceType !== resourceType.topic) {
    throw new KafkaError('INVALID_REQUEST', `Unexpected resource type ${resource.resourceType}.`);
  }
  const topic = broker.topics.byName(resource.resourceName);
  if (topic !== undefined) return topic;
  throw new KafkaError(
    'UNKNOWN_TOPIC_OR_PARTITION',
    `The topic '${resource.resourceName}' does not exist.`,
  );
}

function expectOnce(names: readonly string[]): void {
  if (new Set(names).size !== names.length) {
    throw new KafkaError('INVALID_REQUEST', 'Error due to duplicate config keys');
  }
}

const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

function apply(change: Change, wanted: Map<string, string>, topic: Topic): void {
  const { name, value, configOperation } = change;
  if (configOperation === operation.delete) {
    checkKnown(name);
    wanted.delete(name);
    return;
  }
  if (value === null) {
    throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`);
  }
  if (configOperation === operation.set) {
    wanted.set(name, value);
    return;
  }
  const adding = configOperation === operation.append;
  if (!adding && configOperation !== operation.subtract) {
    throw new KafkaError('INVALID_REQUEST', `Unknown operation type ${configOperation}.`);
  }
  if (checkKnown(name) !== 'list') {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Can't ${adding ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`,
    );
  }
  const before = wanted.get(name) ?? topic.config.text(name);
  const items = new Set(before === '' ? [] : before.split(','));
  for (const item of value.split(',').map((part) => part.trim())) {
    if (adding) items.add(item);
    else items.delete(item);
  }
  wanted.set(name, [...items].join(','));
}

function checkKnown(name: string): string {
  const facts = topicConfigFacts(name);
  if (facts !== undefined) return facts.type;
  throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${name}`);
}
