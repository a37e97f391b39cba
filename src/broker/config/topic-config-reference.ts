import { topicConfigs } from './topic-configs.js';

/** What a topic config does here: as with Apache, nothing (but kept), or refused. */
export type ConfigEffect = 'effective' | 'accepted' | 'rejected';

/** Configs that are kept and given back without changing anything, with the reason. */
const withoutEffect: Readonly<Record<string, string>> = {
  'compression.lz4.level': 'the lz4 here has one level',
  'errors.deadletterqueue.group.enable': 'there are no share groups',
  'flush.messages': 'the durability of the broker decides',
  'flush.ms': 'the durability of the broker decides',
  'follower.replication.throttled.replicas': 'there is one node',
  'leader.replication.throttled.replicas': 'there is one node',
  'local.retention.bytes': 'there is no tiered storage',
  'local.retention.ms': 'there is no tiered storage',
  'max.decompressed.message.bytes': 'the bound of the broker holds for every topic',
  'min.insync.replicas': 'the one replica is always in sync',
  preallocate: 'files grow as they are written',
  'remote.copy.lag.bytes': 'there is no tiered storage',
  'remote.copy.lag.ms': 'there is no tiered storage',
  'remote.log.copy.disable': 'there is no tiered storage',
  'remote.log.delete.on.disable': 'there is no tiered storage',
  'unclean.leader.election.enable': 'there is one node',
};

/** What the config does here, and why it does less than with Apache. */
export function effectOf(name: string): { readonly effect: ConfigEffect; readonly why: string } {
  if (name === 'remote.storage.enable') {
    return { effect: 'rejected', why: '`true` is refused, as by a broker without tiered storage' };
  }
  const why = withoutEffect[name];
  return why === undefined ? { effect: 'effective', why: '' } : { effect: 'accepted', why };
}

/** The page docs/reference/topic-configs.md. */
export function topicConfigReference(): string {
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
