import type { TopicToCreate } from '../broker/index.js';
import { UsageError } from './command.js';

/** Reads `orders`, `orders:3` or `orders:3:retention.ms=1000,cleanup.policy=compact`. */
export function parseTopicToCreate(text: string): [name: string, topic: TopicToCreate] {
  const [name = '', partitions = '1', ...rest] = text.split(':');
  const number = Number(partitions);
  if (name === '' || !Number.isInteger(number) || number < 1) {
    throw new UsageError(`--create wants TOPIC:PARTITIONS, not "${text}".`);
  }
  const configs: Record<string, string> = {};
  // A comma parts two settings only where a new `key=` follows: cleanup.policy takes a list.
  for (const pair of rest.join(':').split(/,(?=[\w.]+=)/)) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--create wants KEY=VALUE behind the partitions: "${pair}".`);
    configs[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return [name, { partitions: number, configs }];
}
