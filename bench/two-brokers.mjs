// Would a second thread help the broker? Two librdkafka producers write to one broker, then each to
// a broker process of its own, in turn: what a broker split in two could win at the most.
//   node bench/two-brokers.mjs [--repeat 3] [--records 300000] [--durability os]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka } from '../dist/bundle/index.js';
import { python, root, runAside } from '../test/compat/environment.mjs';
import { cpuMs, startBroker } from './broker-processes.mjs';

const { values } = parseArgs({
  options: {
    repeat: { type: 'string', default: '3' },
    records: { type: 'string', default: '300000' },
    durability: { type: 'string', default: 'os' },
  },
});

async function measure(count) {
  const brokers = [];
  for (let i = 0; i < count; i++) brokers.push(await startBroker(`kafkit-${values.durability}`));
  const topics = ['left', 'right'];
  for (const broker of brokers) {
    const kafka = new Kafka({ bootstrapServers: broker.address });
    const created = topics.map((name) => ({ name, partitions: 3, replicationFactor: 1 }));
    await kafka.admin().createTopics(created);
    await kafka.close();
  }
  const before = brokers.map((broker) => cpuMs(broker.pid));
  const begun = performance.now();
  const loads = topics.map((topic, i) =>
    runAside(python(), [
      ...['-B', join(root, 'bench', 'rdkafka_load.py')],
      ...[brokers[i % count].address, topic, values.records, 'all', '3'],
    ]),
  );
  const said = (await Promise.all(loads)).map((line) => JSON.parse(line).perSecondSaid);
  const ms = performance.now() - begun;
  const busy = brokers.map((broker, i) => (cpuMs(broker.pid) - before[i]) / ms);
  for (const broker of brokers) await broker.stop();
  return { perSecond: said[0] + said[1], busy: busy.map((share) => Number(share.toFixed(2))) };
}

for (let i = 0; i < Number(values.repeat); i++) {
  for (const brokers of [1, 2]) {
    console.log(JSON.stringify({ brokers, ...(await measure(brokers)) }));
  }
}
process.exit(0);
