import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import { type ConfigTarget, configTarget } from './config-target.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Change = RequestDecoded<'IncrementalAlterConfigs'>['resources'][number]['configs'][number];

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** AlterConfigs v0–2: the configs of the request replace all that the topic or group had set. */
export const alterConfigs: Handler<'AlterConfigs'> = async (request, context) => {
  const responses = await answerEach(request.resources, context, async (asked, target) => {
    expectOnce(asked.configs.map((config) => config.name));
    const overrides = target.check(
      asked.configs.map((config) => [config.name, config.value] as const),
    );
    if (!request.validateOnly) await target.configure(overrides);
  });
  return { responses };
};

/** IncrementalAlterConfigs v0–1 (KIP-339): set, delete, append and subtract, config by config. */
export const incrementalAlterConfigs: Handler<'IncrementalAlterConfigs'> = async (
  request,
  context,
) => {
  const responses = await answerEach(request.resources, context, async (asked, target) => {
    expectOnce(asked.configs.map((config) => config.name));
    const wanted = new Map(Object.entries(target.overrides));
    for (const change of asked.configs) apply(change, wanted, target);
    const overrides = target.check(wanted);
    if (!request.validateOnly) await target.configure(overrides);
  });
  return { responses };
};

async function answerEach<R extends Resource>(
  resources: readonly R[],
  context: RequestContext,
  alter: (resource: R, target: ConfigTarget) => Promise<void>,
) {
  const answers = [];
  for (const resource of resources) {
    const about = {
      resourceType: resource.resourceType,
      resourceName: resource.resourceName,
    };
    try {
      const { resourceType, resourceName } = resource;
      await alter(resource, configTarget(resourceType, resourceName, context.broker));
      answers.push({ errorCode: 0, errorMessage: null, ...about });
    } catch (error) {
      answers.push({ ...errorAnswer(error, context.broker.logger), ...about });
    }
  }
  return answers;
}

function expectOnce(names: readonly string[]): void {
  if (new Set(names).size !== names.length) {
    throw new KafkaError('INVALID_REQUEST', 'Error due to duplicate config keys');
  }
}

const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

function apply(change: Change, wanted: Map<string, string>, target: ConfigTarget): void {
  const { name, value, configOperation } = change;
  if (configOperation === operation.delete) {
    target.factsOf(name);
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
  if (target.factsOf(name).type !== 'list') {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Can't ${adding ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`,
    );
  }
  const before = wanted.get(name) ?? target.text(name);
  const items = new Set(before === '' ? [] : before.split(','));
  for (const item of value.split(',').map((part) => part.trim())) {
    if (adding) items.add(item);
    else items.delete(item);
  }
  wanted.set(name, [...items].join(','));
}
