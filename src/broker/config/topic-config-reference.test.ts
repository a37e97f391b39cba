import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultLogConfig } from '../log/index.js';
import { BrokerConfig } from './broker-config.js';
import { logConfigOf } from './log-config-of.js';
import { TopicConfig } from './topic-config.js';
import { effectOf, topicConfigReference } from './topic-config-reference.js';
import { topicConfigs } from './topic-configs.js';

const page = new URL('../../../docs/reference/topic-configs.md', import.meta.url);

/** A value other than the default for each config that the log must hear of. */
const others: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'compression.type': 'lz4',
  'message.timestamp.type': 'LogAppendTime',
  'min.cleanable.dirty.ratio': '0.25',
};

describe('the page of topic configs', () => {
  test('is what the code prints (KAFKIT_UPDATE=1 rewrites it)', () => {
    if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, topicConfigReference());
    expect(readFileSync(page, 'utf8')).toBe(topicConfigReference());
  });

  test('every config it calls effective changes what the log is told', () => {
    const config = (overrides: Record<string, string>) =>
      logConfigOf(new TopicConfig(overrides, new BrokerConfig({})));
    for (const { name } of topicConfigs) {
      const codec = /^compression\.(gzip|zstd)\.level$/.exec(name)?.[1];
      const base: Record<string, string> = codec === undefined ? {} : { 'compression.type': codec };
      const changed = config({ ...base, [name]: others[name] ?? '7' });
      const isHeard = JSON.stringify(changed) !== JSON.stringify(config(base));
      expect(isHeard, name).toBe(effectOf(name).effect === 'effective');
    }
  });

  test('what nobody sets is as the log has it by itself', () => {
    const { compressionLevel, ...known } = logConfigOf(new TopicConfig({}, new BrokerConfig({})));
    expect(compressionLevel).toBeUndefined();
    expect(known).toEqual(defaultLogConfig);
  });
});
