import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import { brokerConfigFacts, brokerConfigs } from '../config/broker-configs.js';
import { configTypeNumber } from '../config/config-facts.js';
import { anyBrokerConfigFacts, isDynamic } from '../config/dynamic-broker-configs.js';
import { effectiveGroupConfigs } from '../config/group-configs.js';
import { configSource, type EffectiveConfig, effectiveConfigs } from '../config/topic-config.js';
import { resourceType } from '../metadata/metadata-record.js';
import { topicNameFault } from '../metadata/topic-name.js';
import type { BrokerInternals } from '../broker-internals.js';
import { checkBrokerName, checkGroupName } from './config-target.js';
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
  checkBrokerName(name, broker.nodeId);
  // The empty name asks for what was set for all brokers while they ran, and nothing else.
  if (name === '') return dynamicEntries('', configSource.allBrokers, request, broker);
  const known = brokerConfigs.map((facts) => {
    const synonyms: EffectiveConfig['synonyms'][number][] = broker.config
      .layers(facts.name)
      .map(({ value, layer }) => ({ name: facts.name, value, source: configSource[layer] }));
    const source = synonyms[0]?.source ?? configSource.default;
    if (facts.fallback !== null) {
      synonyms.push({ name: facts.name, value: facts.fallback, source: configSource.default });
    }
    const value = broker.effectiveSetting(facts.name);
    return entry({ facts, value, source, synonyms }, !isDynamic(facts.name), request);
  });
  const unused = dynamicEntries(name, configSource.ownBroker, request, broker).filter(
    (config) => brokerConfigFacts(config.name) === undefined,
  );
  return [...known, ...unused];
}

/**
 * What was set for one broker or for all while they ran. What kafkit has no use for may be a
 * secret as well as anything, so its value is not shown, as with Apache Kafka.
 */
function dynamicEntries(
  resourceName: string,
  source: number,
  request: Request,
  broker: BrokerInternals,
): Entry[] {
  return Object.entries(broker.brokerSettings.of(resourceName)).map(([name, value]) => {
    const facts = anyBrokerConfigFacts(name);
    const shown = entry(
      { facts, value, source, synonyms: [{ name, value, source }] },
      false,
      request,
    );
    const isKnown = brokerConfigFacts(name) !== undefined;
    return isKnown
      ? shown
      : { ...shown, value: null, isSensitive: true, synonyms: [], configType: 0 };
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
