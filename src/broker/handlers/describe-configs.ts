import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import { brokerConfigs } from '../config/broker-configs.js';
import { configTypeNumber } from '../config/config-facts.js';
import { effectiveGroupConfigs } from '../config/group-configs.js';
import { configSource, type EffectiveConfig, effectiveConfigs } from '../config/topic-config.js';
import { resourceType } from '../metadata/metadata-record.js';
import { topicNameFault } from '../metadata/topic-name.js';
import type { BrokerInternals } from '../broker-internals.js';
import { checkGroupName } from './config-target.js';
import { errorAnswer } from './error-answer.js';
import type { Handler } from './handler.js';

type Request = RequestDecoded<'DescribeConfigs'>;
type Result = NonNullable<ResponseInput<'DescribeConfigs'>['results']>[number];
type Entry = NonNullable<Result['configs']>[number];

/** DescribeConfigs v1–4 for topics, groups and this broker. */
export const describeConfigs: Handler<'DescribeConfigs'> = (request, { broker }) => ({
  results: request.resources.map((asked): Result => {
    const about = { resourceType: asked.resourceType, resourceName: asked.resourceName };
    try {
      const keys = new Set(asked.configurationKeys ?? []);
      const configs = entriesOf(asked, request, broker).filter(
        (entry) => keys.size === 0 || keys.has(entry.name),
      );
      return { errorCode: 0, errorMessage: '', ...about, configs };
    } catch (error) {
      return { ...errorAnswer(error, broker.logger), ...about, configs: [] };
    }
  }),
});

function entriesOf(
  asked: Request['resources'][number],
  request: Request,
  broker: BrokerInternals,
): Entry[] {
  const name = asked.resourceName;
  switch (asked.resourceType) {
    case resourceType.topic:
      return topicEntries(name, request, broker);
    case resourceType.broker:
      return brokerEntries(name, request, broker);
    case resourceType.group:
      return groupEntries(name, request, broker);
    default:
      throw new KafkaError(
        'INVALID_REQUEST',
        `Unsupported resource type: ${asked.resourceType} (resource ${name})`,
      );
  }
}

function topicEntries(name: string, request: Request, broker: BrokerInternals): Entry[] {
  const fault = topicNameFault(name);
  if (fault !== undefined) throw new KafkaError('INVALID_TOPIC_EXCEPTION', fault);
  const topic = broker.topics.byName(name);
  if (topic === undefined) {
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      'This server does not host this topic-partition.',
    );
  }
  return effectiveConfigs(topic.overrides, broker.config, broker.compat).map((config) =>
    entry(config, false, request),
  );
}

function brokerEntries(name: string, request: Request, broker: BrokerInternals): Entry[] {
  // The empty name asks for cluster-wide dynamic defaults only, of which there are none.
  if (name === '') return [];
  if (name !== String(broker.nodeId)) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${name}`,
    );
  }
  return brokerConfigs.map((facts) => {
    const set = broker.config.setting(facts.name);
    const synonyms = [];
    if (set !== undefined) {
      synonyms.push({ name: facts.name, value: set, source: configSource.staticBroker });
    }
    if (facts.fallback !== null) {
      synonyms.push({ name: facts.name, value: facts.fallback, source: configSource.default });
    }
    const source = set === undefined ? configSource.default : configSource.staticBroker;
    const value = broker.effectiveSetting(facts.name);
    return entry({ facts, value, source, synonyms }, true, request);
  });
}

function groupEntries(groupId: string, request: Request, broker: BrokerInternals): Entry[] {
  checkGroupName(groupId);
  const overrides = broker.groupSettings.of(groupId);
  return effectiveGroupConfigs(overrides, broker.config).map((config) =>
    entry(config, false, request),
  );
}

function entry(config: EffectiveConfig, readOnly: boolean, request: Request): Entry {
  const { facts } = config;
  const sensitive = facts.type === 'password';
  return {
    name: facts.name,
    value: sensitive ? null : config.value,
    readOnly,
    configSource: config.source,
    isSensitive: sensitive,
    synonyms: request.includeSynonyms && !sensitive ? [...config.synonyms] : [],
    configType: configTypeNumber[facts.type],
    documentation: request.includeDocumentation ? facts.doc : null,
  };
}
