// One seed of one fault: topics of its own, clients that work, the fault in their midst; then
// everything comes to rest, another client reads what is there, and the checker compares.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { python, require, runAside, sleep } from '../compat/environment.mjs';
import { check } from './checker.mjs';
import { startCopying, startMember, startSender, startTransactions } from './clients.mjs';
import { faults } from './faults.mjs';
import { Journal } from './journal.mjs';
import { Seeded } from './seeded.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist/bundle', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(dist, 'index.js')).href);

const partitions = 6;
/** No step may need longer than this to come to rest once everything is mended. */
const restMs = 150_000;
/** Nor may a group stand still for so long while there is more to read. */
const stillMs = 60_000;

/** Runs one; gives `{ findings, records, transactions, seconds }`. */
export async function runTrial({ cluster, lane, fault, seed, directory, say }) {
  const started = Date.now();
  const random = new Seeded(seed);
  const run = `${fault}-${seed}-${started.toString(36)}`;
  const journal = new Journal(join(directory, `${run}.jsonl`));
  const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const observer = new Kafka({
    bootstrapServers: cluster.direct,
    clientId: 'observer',
    logger: quiet,
  });
  const admin = observer.admin();
  const names = Object.fromEntries(
    ['data', 'copies', 'pairs', 'group', 'transactions', 'copying'].map((n) => [n, `${n}-${run}`]),
  );
  const topics = [names.data, names.copies, names.pairs];
  const unwatch = watchProcess(journal);
  await admin.createTopics(topics.map((name) => ({ name, partitions, replicationFactor: 3 })));
  await cluster.settled(admin, topics);

  const { isRelayed, allows, run: misbehave } = faults[fault];
  const bootstrapServers = isRelayed ? lane.address : cluster.direct;
  const clients = startClients({ bootstrapServers, journal, random, names, logger: quiet });
  const watching = watchCommits({ admin, journal, names });
  const context = { cluster, lane, random, admin, observer, journal, names, say };
  await sleep(random.between(800, 2500));
  try {
    await misbehave(context);
  } finally {
    lane.mend();
  }
  journal.note('mended', {});
  await sleep(random.between(500, 2000));
  await comeToRest({ clients, admin, journal, names });
  await watching.stop();
  const stored = await readAll(cluster, topics, directory, run);
  await clients.closeAll();
  journal.write();
  const findings = check({ entries: journal.entries, stored, names, allows });
  unwatch();
  await admin.deleteTopics(topics).catch(() => undefined);
  await observer.close();
  return {
    findings,
    journal,
    records: journal.count('acked'),
    transactions: journal.count('transaction'),
    seconds: Math.round((Date.now() - started) / 1000),
  };
}

/** Nothing may end as an unhandled rejection or a warning of the runtime's. */
function watchProcess(journal) {
  const onRejection = (error) =>
    journal.note('finding', { what: 'unhandled', message: `${error?.stack ?? error}` });
  const onWarning = (warning) =>
    journal.note('finding', { what: 'warning', message: `${warning.stack ?? warning}` });
  process.on('unhandledRejection', onRejection);
  process.on('warning', onWarning);
  return () => {
    process.off('unhandledRejection', onRejection);
    process.off('warning', onWarning);
  };
}

function startClients({ bootstrapServers, journal, random, names, logger }) {
  const kafkas = ['senders', 'members', 'transactions', 'copying'].map((clientId) => {
    return new Kafka({
      bootstrapServers,
      clientId,
      logger,
      requestTimeoutMs: random.pick([3000, 8000, 30_000]),
      connectionTimeoutMs: random.pick([2000, 10_000]),
      metadataMaxAgeMs: random.pick([1000, 5000, 300_000]),
    });
  });
  const [forSenders, forMembers, forTransactions, forCopying] = kafkas;
  const protocol = random.pick([
    { assignors: ['range'] },
    { assignors: ['cooperative-sticky'] },
    { groupProtocol: 'consumer' },
  ]);
  const session = { sessionTimeoutMs: random.pick([4000, 20_000]), heartbeatIntervalMs: 500 };
  const options = {
    ...protocol,
    ...(protocol.groupProtocol === undefined ? session : {}),
    groupId: names.group,
    topics: [names.data],
    fromBeginning: true,
    metadataMaxAgeMs: 2000,
  };
  const { data: topic, copies, pairs } = names;
  const seeded = () => new Seeded(random.between(0, 2 ** 31));
  const senders = ['a', 'b'].map((name) =>
    startSender({ kafka: forSenders, journal, random: seeded(), topic, name }),
  );
  const member = (name) =>
    startMember({ kafka: forMembers, journal, random: seeded(), name, options });
  const members = [member('m1'), member('m2')];
  // A third one comes and goes, and a fourth comes.
  const churn = (async () => {
    await sleep(random.between(1000, 4000));
    const third = member('m3');
    await sleep(random.between(1000, 4000));
    await third.stop();
    members.push(member('m4'));
  })();
  const transactions = startTransactions({
    kafka: forTransactions,
    journal,
    random: seeded(),
    topic: pairs,
    partitions,
    name: names.transactions,
  });
  const copying = startCopying({
    kafka: forCopying,
    journal,
    topic,
    copies,
    groupId: names.copying,
    name: names.copying,
    options: {
      fromBeginning: true,
      sessionTimeoutMs: 6000,
      heartbeatIntervalMs: 500,
      metadataMaxAgeMs: 2000,
    },
  });
  const health = () => members.map((one) => one.health());
  return { kafkas, senders, members, churn, transactions, copying, health, journal, closeAll };
}

/** Within its time, or a finding. */
async function within(journal, what, work) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(() => {
      journal.note('finding', { what: 'stands still', message: `${what} took ${restMs} ms` });
      done();
    }, restMs);
  });
  await Promise.race([
    work.catch((error) => journal.note('finding', { what, message: `${error.stack}` })),
    late,
  ]);
  clearTimeout(timer);
}

async function closeAll() {
  const { kafkas, senders, members, copying, transactions, journal } = this;
  await within(journal, 'closing the members', Promise.all(members.map((one) => one.stop())));
  await within(journal, 'closing the copying loop', copying.stop());
  await within(journal, 'closing the senders', Promise.all(senders.map((one) => one.close())));
  await within(journal, 'closing the transactions', transactions.close());
  await within(journal, 'closing the clients', Promise.all(kafkas.map((kafka) => kafka.close())));
}

/** Everything sent is settled, everything stored is delivered and copied, every offset committed. */
async function comeToRest({ clients, admin, journal, names }) {
  const { senders, transactions, churn } = clients;
  await within(journal, 'settling what was sent', Promise.all(senders.map((one) => one.stop())));
  await within(journal, 'ending the last transaction', transactions.stop());
  await within(journal, 'the coming and going of members', churn);
  for (const groupId of [names.group, names.copying]) {
    const left = await drained({ admin, topic: names.data, groupId });
    if (left === 0) continue;
    const message = `${groupId}: ${left} partitions; ${JSON.stringify(clients.health())}`;
    journal.note('finding', { what: 'stands still before the end', message });
  }
}

/** Waits as long as the group gets on; gives how many partitions it has not committed to the end. */
async function drained({ admin, topic, groupId }) {
  const [{ partitions: all }] = await admin.describeTopics([topic]);
  const asked = all.map(({ partition }) => ({ topic, partition, at: 'latest' }));
  const ends = await admin.listOffsets(asked);
  let [sum, since] = [-1, Date.now()];
  for (;;) {
    const found = await admin.fetchOffsets(groupId, { requireStable: true });
    const committed = ({ partition }) =>
      found.find((each) => each.partition === partition)?.offset ?? 0;
    const left = ends.filter((end) => committed(end) < end.offset).length;
    const total = ends.reduce((before, end) => before + committed(end), 0);
    if (total !== sum) [sum, since] = [total, Date.now()];
    if (left === 0 || Date.now() - since > stillMs) return left;
    await sleep(100);
  }
}

/** Asks again and again what the group has committed. */
function watchCommits({ admin, journal, names }) {
  let isStopped = false;
  const loop = (async () => {
    while (!isStopped) {
      const found = await admin.fetchOffsets(names.group, { timeoutMs: 3000 }).catch(() => []);
      for (const { partition, offset } of found) journal.note('committed', { partition, offset });
      await sleep(250);
    }
  })();
  return {
    stop: () => {
      isStopped = true;
      return loop;
    },
  };
}

/** Reads whole topics as librdkafka sees them, committed records only. */
const reader = `
import json, sys
from confluent_kafka import Consumer, TopicPartition, KafkaError
servers, topics = sys.argv[1], sys.argv[2:]
consumer = Consumer({'bootstrap.servers': servers, 'group.id': 'reader', 'enable.auto.commit': False,
                     'isolation.level': 'read_committed', 'enable.partition.eof': True,
                     'auto.offset.reset': 'earliest'})
left = set()
for topic in topics:
    for partition in consumer.list_topics(topic, 20).topics[topic].partitions:
        left.add((topic, partition))
consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
while left:
    message = consumer.poll(60)
    if message is None:
        raise SystemExit('nothing came for 60 s, waiting for %s' % sorted(left))
    if message.error():
        if message.error().code() != KafkaError._PARTITION_EOF:
            raise SystemExit(str(message.error()))
        left.discard((message.topic(), message.partition()))
        continue
    key = message.key()
    print(json.dumps({'topic': message.topic(), 'partition': message.partition(),
                      'offset': message.offset(), 'key': None if key is None else key.decode(),
                      'value': message.value().decode()}))
consumer.close()
`;

async function readAll(cluster, topics, directory, run) {
  const script = join(directory, 'reader.py');
  if (!existsSync(script)) writeFileSync(script, reader);
  const printed = await runAside(python(), [script, cluster.direct, ...topics]);
  writeFileSync(join(directory, `${run}.stored.jsonl`), printed);
  const stored = printed.split('\n').filter((line) => line.startsWith('{'));
  const records = stored.map((line) => JSON.parse(line));
  require(records.every(({ offset }) => offset >= 0), 'the reader printed something else');
  const line = (a, b) => a.partition - b.partition || a.offset - b.offset;
  return records.sort(line);
}
