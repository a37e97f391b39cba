// The broker that a suite runs against: ours on a directory, or real Apache Kafka beside it for the
// comparison, or one that runs already. Both count partitions, groups and transactions as one node
// does.
import { join } from 'node:path';

import {
  freePort,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

/**
 * Starts `kafkit` (with `flags` of `kafkit up`) or `apache` (with `options` of Apache's script);
 * HOST:PORT is taken as it is.
 * `settings` are broker settings both know, `[['num.partitions', '4']]`; `port` is any free one.
 */
export async function startBrokerUnderTest(kind, wanted = {}) {
  if (kind.includes(':')) return { kind, name: kind, address: kind, stop: () => undefined };
  const { settings = [], flags = [], options = [] } = wanted;
  const data = join(temporaryDirectory('suite'), 'data');
  const port = wanted.port ?? (await freePort());
  if (kind === 'kafkit') {
    const set = settings.flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    const broker = await startKafkit({ data, port, flags: ['-q', ...set, ...flags] });
    return { kind, name: 'kafkit', address: broker.address, data, stop: broker.stop };
  }
  if (kind !== 'apache') throw new Error(`The broker is kafkit, apache or HOST:PORT, not ${kind}.`);
  const set = settings.flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const address = startApacheKafka('single', data, port, [...set, ...options]);
  return {
    kind,
    name: `apache-kafka-${process.env.KAFKA_VERSION ?? '4.3.1'}`,
    address,
    data,
    stop: () => stopApacheKafka(data),
  };
}
