import { describe, expect, test } from 'vitest';
import { BrokerConfig } from './broker-config.js';
import { brokerConfigs } from './broker-configs.js';
import { checkConfig, configNumber } from './config-facts.js';
import { checkTopicConfigs, TopicConfig } from './topic-config.js';
import { topicConfigFacts, topicConfigs } from './topic-configs.js';

describe('the tables of configs', () => {
  test('are sorted, name nothing twice, and every default passes its own check', () => {
    for (const table of [topicConfigs, brokerConfigs]) {
      const names = table.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)].sort());
      for (const facts of table) {
        if (facts.fallback !== null)
          expect(checkConfig(facts, facts.fallback)).toBe(facts.fallback);
        expect(facts.doc).toMatch(/^\S.*\.$/);
      }
    }
  });

  test('topic configs inherit from broker configs that exist', () => {
    const names = new Set(brokerConfigs.map(({ name }) => name));
    for (const { brokerName } of topicConfigs) {
      if (brokerName !== undefined) expect(names).toContain(brokerName);
    }
  });
});

describe('checking a value', () => {
  const refused: [string, string, string][] = [
    ['retention.ms', 'x', 'Not a number of type LONG'],
    ['retention.ms', '-2', 'Value must be at least -1'],
    ['retention.ms', '1.5', 'Not a number of type LONG'],
    ['segment.bytes', '2147483648', 'Not a number of type INT'],
    ['preallocate', '1', 'Expected value to be either true or false'],
    ['min.cleanable.dirty.ratio', '1.1', 'Value must be no more than 1'],
    ['min.cleanable.dirty.ratio', '', 'Not a number of type DOUBLE'],
    ['cleanup.policy', 'compact,x', 'String must be one of: compact, delete'],
    ['compression.gzip.level', '0', 'Value must be at least 1'],
  ];
  for (const [name, value, reason] of refused) {
    test(`${name}=${value} is refused: ${reason}`, () => {
      expect(() => checkTopicConfigs([[name, value]])).toThrow(reason);
    });
  }

  test('spaces are trimmed, flags lower-cased, exceptions to bounds let in', () => {
    const checked = checkTopicConfigs([
      ['retention.ms', ' 5 '],
      ['preallocate', 'TRUE'],
      ['cleanup.policy', ' compact , delete '],
      ['compression.gzip.level', '-1'],
    ]);
    expect(checked).toEqual({
      'retention.ms': '5',
      preallocate: 'true',
      'cleanup.policy': 'compact,delete',
      'compression.gzip.level': '-1',
    });
  });

  test('lags that contradict each other are refused', () => {
    expect(() =>
      checkTopicConfigs([
        ['min.compaction.lag.ms', '2'],
        ['max.compaction.lag.ms', '1'],
      ]),
    ).toThrow('min.compaction.lag.ms');
  });

  test('tiered storage is refused, because there is none', () => {
    expect(() => checkTopicConfigs([['remote.storage.enable', 'true']])).toThrow('Tiered');
  });

  test('the largest int64 is clamped where it is used', () => {
    expect(configNumber(topicConfigFacts('flush.ms')?.fallback ?? '')).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });
});

describe('what is in force', () => {
  const valueOf = (
    name: string,
    broker: Record<string, string>,
    own: Record<string, string> = {},
  ) => new TopicConfig(own, new BrokerConfig(broker)).text(name);

  test('the topic goes before the broker, the broker before the default', () => {
    const broker = { 'log.segment.bytes': '2000000' };
    expect(valueOf('segment.bytes', {})).toBe('1073741824');
    expect(valueOf('segment.bytes', broker)).toBe('2000000');
    expect(valueOf('segment.bytes', broker, { 'segment.bytes': '3000000' })).toBe('3000000');
  });

  test('retention comes in milliseconds, minutes or hours, the finest first', () => {
    expect(valueOf('retention.ms', {})).toBe('604800000');
    expect(valueOf('retention.ms', { 'log.retention.hours': '1' })).toBe('3600000');
    const minutes = { 'log.retention.hours': '1', 'log.retention.minutes': '2' };
    expect(valueOf('retention.ms', minutes)).toBe('120000');
    expect(valueOf('retention.ms', { ...minutes, 'log.retention.ms': '3' })).toBe('3');
    expect(valueOf('retention.ms', { 'log.retention.hours': '-1' })).toBe('-1');
    expect(valueOf('segment.ms', { 'log.roll.hours': '2' })).toBe('7200000');
  });
});
