import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultLogConfig } from '../log/index.js';
import { BrokerConfig } from './broker-config.js';
import { logConfigOf } from './log-config-of.js';
import { TopicConfig } from './topic-config.js';
import { topicConfigs } from './topic-configs.js';

const page = new URL('../../../docs/reference/topic-configs.md', import.meta.url);

/** A value other than the default for each config that the log must hear of. */
const others: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'compression.type': 'lz4',
  'message.timestamp.type': 'LogAppendTime',
  'min.cleanable.dirty.ratio': '0.25',
};

/** What a topic config does here: as with Apache, nothing (but kept), or refused. */
type ConfigEffect = 'effective' | 'accepted' | 'rejected';

/** Configs that are kept and given back without changing anything, with the reason. */
const withoutEffect: Readonly<Record<string, string>> = {
  'compression.lz4.level': 'the lz4 here has one level',
  'flush.messages': 'the durability of the broker decides',
  'flush.ms': 'the durability of the broker decides',
  'follower.replication.throttled.replicas': 'there is one node',
  'leader.replication.throttled.replicas': 'there is one node',
  'local.retention.bytes': 'there is no tiered storage',
  'local.retention.ms': 'there is no tiered storage',
  'max.decompressed.message.bytes':
    '`max.decompressed.batch.bytes` of the broker bounds whole batches',
  'min.insync.replicas': 'the one replica is always in sync',
  preallocate: 'files grow as they are written',
  'remote.copy.lag.bytes': 'there is no tiered storage',
  'remote.copy.lag.ms': 'there is no tiered storage',
  'remote.log.copy.disable': 'there is no tiered storage',
  'remote.log.delete.on.disable': 'there is no tiered storage',
  'unclean.leader.election.enable': 'there is one node',
};

/** Configs that are effective, but not in the log. */
const elsewhere: ReadonlySet<string> = new Set(['errors.deadletterqueue.group.enable']);

/** What the config does here, and why it does less than with Apache. */
function effectOf(name: string): { readonly effect: ConfigEffect; readonly why: string } {
  if (name === 'remote.storage.enable') {
    return { effect: 'rejected', why: '`true` is refused, as by a broker without tiered storage' };
  }
  const why = withoutEffect[name];
  return why === undefined ? { effect: 'effective', why: '' } : { effect: 'accepted', why };
}

/** The page docs/reference/topic-configs.md. */
function topicConfigReference(): string {
  const rows = topicConfigs.map(({ name, fallback, doc }) => {
    const { effect, why } = effectOf(name);
    const shown = fallback === null || fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${effect}${why === '' ? '' : `: ${why}`} | ${doc} |`;
  });
  return [
    '# Topic configs',
    '',
    'Printed from the code. *Effective* configs do what they do with Apache Kafka; *accepted* ones',
    'are checked, kept and given back, and change nothing; *rejected* ones are refused.',
    '',
    '| name | default | here | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

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
      if (elsewhere.has(name)) continue;
      expect(isHeard, name).toBe(effectOf(name).effect === 'effective');
    }
  });

  test('what nobody sets is as the log has it by itself', () => {
    const { compressionLevel, ...known } = logConfigOf(new TopicConfig({}, new BrokerConfig({})));
    expect(compressionLevel).toBeUndefined();
    expect(known).toEqual(defaultLogConfig);
  });
});
