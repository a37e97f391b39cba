// Dead-letter queues of share groups (KIP-1191): the same program, our share consumer, against our
// broker and against Apache Kafka 4.4.0 with share.version 2. What lies in the queues afterwards,
// which names of queues are refused and what a queue that Kafka makes by itself looks like must be
// the same. One thing differs: a copy has the record's own headers here, as the KIP says, and Apache
// Kafka 4.4.0 leaves them out (it copies key and value). One printed line for each check; ends with
// 1 when any fails.
import { pathToFileURL } from 'node:url';
import {
  freePort,
  require,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';
import { check, closing, equal, eventually } from './judging.mjs';

process.env.KAFKA_VERSION = '4.4.0';
const dist = new URL('../../dist', import.meta.url).pathname;
const { Kafka, silentLogger } = await import(pathToFileURL(`${dist}/index.js`).href);

const queueName = 'errors.deadletterqueue.topic.name';
const copies = { 'errors.deadletterqueue.copy.record.enable': 'true' };
const groupsMay = { 'errors.deadletterqueue.group.enable': 'true' };
const settings = ['errors.deadletterqueue.auto.create.topics.enable=true', 'num.partitions=2'];

const ours = await startKafkit({ flags: settings.flatMap((one) => ['-o', one]) });
const directory = temporaryDirectory('dead-letters');
const theirs = startApacheKafka('single', directory, await freePort(), [
  ...settings.flatMap((one) => ['--set', one]),
  ...['--feature', 'share.version=2'],
]);
const sides = [ours.address, theirs].map((bootstrapServers) => {
  const kafka = new Kafka({ bootstrapServers, logger: silentLogger });
  return { kafka, admin: kafka.admin(), producer: kafka.producer() };
});

const mixed = [
  { key: 'a', value: 'one', headers: { of: 'a' }, partition: 0 },
  { key: null, value: 'two', partition: 0 },
  { key: 'c', value: null, partition: 1 },
  { key: 'd', value: 'four', headers: { '__dlq.errors.topic': 'before' }, partition: 1 },
];
const reject = (consumer, record) => consumer.reject(record);

await same('what is rejected is noted, with nothing of the record', {
  queue: 'dlq.notes',
  made: 3,
  settle: reject,
});
await same('what is rejected is copied, with its headers', {
  queue: 'dlq.copies',
  made: 3,
  group: copies,
  settle: reject,
});
await same('what is given out too often is noted', {
  queue: 'dlq.often',
  made: 1,
  group: { 'share.delivery.count.limit': '2' },
  settle: (consumer, record) => consumer.release(record),
  deliveries: 2,
});
await same('only some are rejected', {
  queue: 'dlq.some',
  made: 1,
  settle: (consumer, record) =>
    record.offset === 1 ? consumer.reject(record) : consumer.accept(record),
  letters: 2,
});
await same('a queue that is missing is made', { queue: 'dlq.made', settle: reject });
await same('a topic that does not say groups may gets nothing', {
  queue: 'dlq.closed',
  made: 1,
  configs: {},
  settle: reject,
  letters: 0,
});
await same('a name without the prefix gets nothing', {
  queue: 'plain',
  made: 1,
  settle: reject,
  letters: 0,
});
await check('which names a group may give its queue', refusals);

for (const { kafka } of sides) await kafka.close();
await ours.stop();
stopApacheKafka(directory);
closing();

/** Runs it on both sides and compares all that can be seen. */
function same(name, plan) {
  return check(name, async () => {
    const [here, there] = await Promise.all(sides.map((side) => play(side, plan)));
    const own = here.records.map(({ headers }) => headers.splice(0, headers.length - 6));
    const sent = mixed.map(({ headers = {} }) => pairsOf(Object.entries(headers)));
    equal(
      own,
      plan.group === copies ? sent : own.map(() => []),
      'headers of the records themselves',
    );
    equal(here, there, 'kafkit');
    require(here.records.length === (plan.letters ?? mixed.length), JSON.stringify(here.records));
    return `${here.records.length} records`;
  });
}

/** A group works through four records and settles each as the plan says. */
async function play({ kafka, admin, producer }, plan) {
  const { queue, made, configs = groupsMay, deliveries = 1 } = plan;
  const source = `of-${queue}`;
  await admin.createTopics([{ name: source, partitions: 2 }]);
  if (made !== undefined) await admin.createTopics([{ name: queue, partitions: made, configs }]);
  const groupId = `group-${queue}`;
  const first = { 'share.auto.offset.reset': 'earliest', [queueName]: queue };
  const refused = await admin
    .alterConfigs([{ type: 'group', name: groupId, set: { ...first, ...plan.group } }])
    .then(
      () => null,
      ({ code }) => code,
    );
  for (const record of mixed) await producer.send({ topic: source, ...record });
  if (refused === null) await work(kafka, groupId, source, plan.settle, mixed.length * deliveries);
  await eventually(async () => {
    const [{ lag }] = refused === null ? await admin.describeShareGroupOffsets(groupId) : [{}];
    equal(lag ?? 0, 0, 'lag');
  });
  // What is put aside without a note comes to no queue later either.
  if (plan.letters === 0) await sleep(1500);
  return { refused, ...(await look(kafka, admin, queue)) };
}

async function work(kafka, groupId, topic, settle, count) {
  const consumer = kafka.shareConsumer({
    groupId,
    topics: [topic],
    acknowledgementMode: 'explicit',
  });
  let seen = 0;
  for await (const record of consumer) {
    settle(consumer, record);
    await consumer.commit();
    if (++seen === count) break;
  }
  await consumer.close();
}

/** The queue's partitions, its configs, and what lies in it, without times. */
async function look(kafka, admin, queue) {
  const [described] = await admin.describeTopics([queue]);
  const [{ entries }] = await admin.describeConfigs([{ type: 'topic', name: queue }]);
  const set = entries.filter(({ source }) => source === 'topic');
  const ends = await admin.listOffsets(
    described.partitions.map(({ partition }) => ({ topic: queue, partition, at: 'latest' })),
  );
  const total = ends.reduce((sum, { offset }) => sum + offset, 0);
  const records = [];
  const assign = described.partitions.map(({ partition }) => ({ topic: queue, partition }));
  const consumer = kafka.consumer({ assign, fromBeginning: true });
  if (total > 0) {
    for await (const { partition, offset, key, value, headers } of consumer) {
      records.push({ partition, offset, ...textsOf({ key, value }), headers: pairsOf(headers) });
      if (records.length === total) break;
    }
  }
  await consumer.close();
  records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  return {
    partitions: described.partitions.length,
    configs: set.map(({ name, value }) => `${name}=${value}`).sort(),
    records,
  };
}

function textsOf(fields) {
  const text = (bytes) => (bytes === null ? null : bytes.toString());
  return Object.fromEntries(Object.entries(fields).map(([name, bytes]) => [name, text(bytes)]));
}

function pairsOf(headers) {
  return [...headers].map(([name, value]) => `${name}: ${value}`);
}

/** The same names are taken and refused, with the same errors. */
async function refusals() {
  const names = ['dlq.fine', 'plain', '__dlq', '__consumer_offsets', 'dlq.with space', '', 'dlq..'];
  const [here, there] = await Promise.all(
    sides.map(({ admin }) => Promise.all(names.map((name) => answerTo(admin, name)))),
  );
  equal(here, there, 'kafkit');
  return here.map((code, at) => `"${names[at]}" ${code}`).join(', ');
}

function answerTo(admin, queue) {
  return admin.alterConfigs([{ type: 'group', name: 'asks', set: { [queueName]: queue } }]).then(
    () => 'is taken',
    ({ code }) => code,
  );
}
