// Three houses at one table: our client, Java's and librdkafka, on one node of Apache Kafka.
//
//   node test/compat/interchange/run.mjs              everything
//   node test/compat/interchange/run.mjs 'assignor'   checks whose sentence has this word
//
// What one writes the others read alike, whatever the codec; keys lie in the same partitions;
// transactions are committed and aborted for everybody; members of all three share one group; and
// each goes on where another has committed. Ends with 1 when any check fails.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apacheToolAside,
  freePort,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from '../environment.mjs';
import { equal, expect, Scene, take, texts, until } from '../apache/scenario.mjs';
import {
  javaMember,
  javaProduces,
  javaReads,
  librdkafka,
  librdkafkaMember,
  librdkafkaProduces,
} from './parties.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../../dist/bundle', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(dist, 'index.js')).href);

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const perTopic = 60;
/** An hour ago: what is older than its topic's retention would be deleted meanwhile. */
const firstTimestamp = Date.now() - 3_600_000;

/** The records that each writer sends with each codec. */
function recordsOf(writer, codec, topic) {
  return Array.from({ length: perTopic }, (_, n) => ({
    topic,
    key: `key-${n % 23}`,
    // The last one is a tombstone.
    value: n === perTopic - 1 ? null : `${writer} ${codec} ${n} ${'and so on '.repeat(n % 7)}`,
    headers:
      n % 3 === 0
        ? [
            ['n', `${n}`],
            ['twice', 'a'],
            ['twice', 'b'],
          ]
        : [],
    timestamp: firstTimestamp + n,
  }));
}

const checks = {
  'records of every codec, with headers, tombstones and timestamps, are read alike': async (
    scene,
  ) => {
    const servers = scene.bootstrapServers;
    const topics = [];
    for (const codec of codecs) {
      for (const writer of ['kafkit', 'java', 'librdkafka']) {
        const topic = await scene.topic(`${writer}-${codec}`, 5);
        topics.push(topic);
        const records = recordsOf(writer, codec, topic);
        if (writer === 'java') await javaProduces(servers, topic, codec, records);
        else if (writer === 'librdkafka') await librdkafkaProduces(servers, codec, records);
        else {
          const producer = scene.producer({ compression: codec, lingerMs: 50 });
          await producer.send(records);
          await producer.close();
        }
      }
    }
    const count = topics.length * perTopic;
    const expression = `kafkit-(kafkit|java|librdkafka)-.*${topics[0].split('-').at(-1)}`;
    const [ours, java, theirs] = [
      await readHere(scene, topics, count),
      await javaReads(servers, expression, count),
      await librdkafka('read', servers, count, ...topics),
    ];
    const line = ({ partition, offset, timestamp, key, value, headers }) =>
      JSON.stringify([partition, offset, timestamp, key, value, headers]);
    sameLines(java.map(line), ours.map(line), "Java's reader");
    sameLines(theirs.map(line), ours.map(line), "librdkafka's reader");
    // And it is what was sent, in the same partition for the same key.
    const places = new Map();
    for (const { key, partition } of ours) {
      places.set(key, (places.get(key) ?? new Set()).add(partition));
    }
    for (const [key, found] of places) equal(found.size, 1, `partitions of ${key}`);
    const what = ({ key, value, headers }) => JSON.stringify([key, value, headers]);
    const sent = codecs.flatMap((codec) =>
      ['kafkit', 'java', 'librdkafka'].flatMap((writer) => recordsOf(writer, codec, '')),
    );
    sameLines(ours.map(what), sent.map(what), 'our reader');
    // The console producer of Java gives records the time of their sending.
    const early = ours.filter(({ timestamp }) => timestamp < firstTimestamp + perTopic);
    equal(early.length, codecs.length * 2 * perTopic, 'records with their own timestamps');
    return `${count} records`;
  },

  'transactions of each are committed and aborted for the others': async (scene) => {
    const servers = scene.bootstrapServers;
    const topic = await scene.topic('transacted', 3);
    const producer = scene.producer({ transactionalId: scene.name('transacted') });
    for (let turn = 0; turn < 20; turn++) {
      const transaction = await producer.beginTransaction();
      await transaction.send(
        [0, 1, 2].map((partition) => ({ topic, partition, value: `kafkit ${turn} ${partition}` })),
      );
      await (turn % 2 === 0 ? transaction.commit() : transaction.abort());
    }
    await producer.close();
    await librdkafka('transact', servers, topic, scene.name('transacted-librdkafka'));
    // Java copies records of ours, aborting some transactions on the way and trying them again.
    const input = await scene.topic('to-copy');
    await scene.send(
      input,
      Array.from({ length: 100 }, (_, n) => `java ${n} 0`),
    );
    const copier = 'org.apache.kafka.tools.TransactionalMessageCopier';
    const words = ['--broker-list', servers, '--input-topic', input, '--input-partition', '0'];
    words.push('--output-topic', topic, '--transactional-id', scene.name('transacted-java'));
    words.push('--consumer-group', scene.name('copier'), '--transaction-size', '10');
    words.push('--enable-random-aborts');
    await apacheToolAside('kafka-run-class', [copier, ...words]);
    const count = 160;
    const ours = await readHere(scene, [topic], count, { isolationLevel: 'read_committed' });
    const values = ours.map(({ value }) => value);
    const wanted = ['kafkit', 'librdkafka'].flatMap((who) =>
      Array.from({ length: 10 }, (_, n) => [0, 1, 2].map((p) => `${who} ${n * 2} ${p}`)).flat(),
    );
    wanted.push(...Array.from({ length: 100 }, (_, n) => `java ${n} 0`));
    sameLines(values, wanted, 'our reader');
    const theirs = await librdkafka('read', servers, count, topic);
    sameLines(
      theirs.map(({ value }) => value),
      wanted,
      "librdkafka's reader",
    );
    const java = await javaReads(servers, topic, count);
    sameLines(
      java.map(({ value }) => value),
      wanted,
      "Java's reader",
    );
    return `${count} records`;
  },

  'members with the assignor range share a group': (scene) =>
    share(scene, 'range', ['kafkit', 'java', 'librdkafka']),
  'members with the assignor roundrobin share a group': (scene) =>
    share(scene, 'roundrobin', ['kafkit', 'java', 'librdkafka']),
  'members with the assignor sticky share a group (librdkafka has none)': (scene) =>
    share(scene, 'sticky', ['kafkit', 'java']),
  'members with the assignor cooperative-sticky share a group': (scene) =>
    share(scene, 'cooperative-sticky', ['kafkit', 'java', 'librdkafka']),
  'members of the consumer protocol share a group': (scene) =>
    share(scene, 'consumer', ['kafkit', 'java', 'librdkafka']),

  'each goes on where another has committed': async (scene) => {
    const servers = scene.bootstrapServers;
    const topic = await scene.topic('resumed');
    const groupId = scene.name('resumed-group');
    await scene.send(
      topic,
      Array.from({ length: 60 }, (_, n) => `${n}`),
    );
    const from = (start) => Array.from({ length: 10 }, (_, n) => `${start + n}`);
    const here = async () => {
      const consumer = scene.consumer({ groupId, topics: [topic], offsetReset: 'earliest' });
      const records = await take(consumer[Symbol.asyncIterator](), 10);
      await consumer.commit(records.at(-1));
      await consumer.close();
      return texts(records);
    };
    const java = async () => {
      const args = ['--bootstrap-server', servers, '--topic', topic, '--max-messages', '10'];
      args.push('--group', groupId, '--timeout-ms', '60000');
      const printed = await apacheToolAside('kafka-console-consumer', args);
      return printed.split('\n').filter((line) => /^\d+$/.test(line));
    };
    const native = async () =>
      (await librdkafka('take', servers, groupId, topic, 10))
        .filter(({ value }) => value !== undefined)
        .map(({ value }) => value);
    const turns = [here, java, native, here, native, java];
    for (const [turn, party] of turns.entries()) {
      equal(await party(), from(turn * 10), `records of turn ${turn}`);
    }
    const [committed] = await scene.admin.fetchOffsets(groupId);
    equal(committed.offset, 60, 'committed in the end');
  },
};

async function readHere(scene, topics, count, options = {}) {
  const records = await scene.readAll('', count, { topics, ...options });
  return records.map(({ partition, offset, timestamp, key, value, headers }) => ({
    partition,
    offset,
    timestamp,
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: [...headers].map(([name, text]) => [name, text?.toString() ?? null]),
  }));
}

function sameLines(found, wanted, who) {
  const [a, b] = [[...found].sort(), [...wanted].sort()];
  const missing = b.filter((line) => !a.includes(line));
  const more = a.filter((line) => !b.includes(line));
  expect(
    a.join('\n') === b.join('\n'),
    `${who}: ${a.length} instead of ${b.length}; missing ${missing.slice(0, 3)}; ` +
      `not wanted ${more.slice(0, 3)}`,
  );
}

/** One member of each house: they share six partitions, read everything once, and hand on. */
async function share(scene, how, houses) {
  const servers = scene.bootstrapServers;
  const topic = await scene.topic(`shared-${how}`, 6);
  const groupId = scene.name(`shared-${how}-group`);
  const seen = new Map();
  const saw = (partition, offset) => {
    const place = `${partition}/${offset}`;
    seen.set(place, (seen.get(place) ?? 0) + 1);
  };
  const make = { kafkit: memberHere, java: javaMember, librdkafka: librdkafkaMember };
  const members = new Map();
  for (const house of houses) {
    members.set(house, make[house]({ scene, servers, groupId, topic, how, saw }));
  }
  const spread = () => [...members.values()].map((member) => member.count());
  const even = () => spread().every((count) => count === 6 / members.size);
  await until(even, `${how}: an even share, not ${spread()}`, 90_000);
  const producer = scene.producer();
  const send = (count) =>
    producer.send(
      Array.from({ length: count }, (_, n) => ({ topic, partition: n % 6, value: 'x' })),
    );
  await send(600);
  await until(() => seen.size === 600, `${how}: everything read, not ${seen.size}`);
  // The one from another house goes, and the others take over.
  await members.get('java').stop();
  members.delete('java');
  await until(even, `${how}: an even share of those who stay`, 90_000);
  await send(60);
  await until(() => seen.size === 660, `${how}: everything read in the end`);
  for (const member of members.values()) await member.stop();
  const committed = await scene.admin.fetchOffsets(groupId);
  equal(
    committed.map(({ offset }) => offset),
    [110, 110, 110, 110, 110, 110],
    'committed',
  );
  const twice = [...seen.values()].filter((times) => times > 1).length;
  equal(twice, 0, 'records read twice');
}

function memberHere({ scene, groupId, topic, how, saw }) {
  const protocol =
    how === 'consumer'
      ? { groupProtocol: 'consumer' }
      : { assignors: [how], sessionTimeoutMs: 20_000, heartbeatIntervalMs: 500 };
  const consumer = scene.consumer({ groupId, topics: [topic], fromBeginning: true, ...protocol });
  const loop = (async () => {
    for await (const { partition, offset } of consumer) saw(partition, offset);
  })();
  // Looked at when it is stopped.
  loop.catch(() => undefined);
  return {
    count: () => consumer.assignment().length,
    stop: async () => {
      await consumer.close();
      await loop;
    },
  };
}

const [word = ''] = process.argv.slice(2);
process.env.KAFKA_OPTS ??= '-XX:TieredStopAtLevel=1';
const directory = temporaryDirectory('interchange');
const bootstrapServers = startApacheKafka('single', directory, await freePort());
const scene = new Scene({ Kafka, bootstrapServers });
let [passed, failed] = [0, 0];
for (const [sentence, check] of Object.entries(checks)) {
  if (!sentence.includes(word)) continue;
  const started = Date.now();
  try {
    const said = await check(scene);
    passed++;
    console.log(`ok      ${sentence}${said ? `: ${said}` : ''} (${Date.now() - started} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${sentence}: ${error.code ?? ''} ${error.stack}`);
  }
  await scene.clear();
}
await scene.close();
stopApacheKafka(directory);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
