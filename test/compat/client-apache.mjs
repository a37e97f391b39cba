// Our client against any broker: `node client-apache.mjs HOST:PORT[,HOST:PORT…]`. Produces,
// consumes and administers, one printed line for each check; ends with 1 when any of them fails.
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist/', import.meta.url).pathname;
const { Kafka, json, string } = await import(pathToFileURL(`${dist}/index.js`).href);

const [bootstrapServers] = process.argv.slice(2);
if (bootstrapServers === undefined) {
  console.error('usage: node client-apache.mjs HOST:PORT[,HOST:PORT…]');
  process.exit(1);
}
const kafka = new Kafka({ bootstrapServers, clientId: 'client-apache' });
const admin = kafka.admin();
const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
const topicOf = (name) => `kafkit-${name}-${run}`;
let failed = 0;
let passed = 0;

async function check(name, work) {
  const limit = new Promise((_done, fail) => {
    setTimeout(() => fail(new Error('took more than 60 s')), 60_000).unref();
  });
  try {
    const said = await Promise.race([work(), limit]);
    passed++;
    console.log(`ok      ${name}${said ? `: ${said}` : ''}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}: ${error.code ?? ''} ${error.stack}`);
  }
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

function equal(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  expect(a === b, `${what}: ${a} instead of ${b}`);
}

/** Brokers learn of changes a moment after the answer: asks again for up to five seconds. */
async function eventually(work) {
  for (const end = Date.now() + 5000; ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

async function fails(code, work) {
  try {
    await work();
  } catch (error) {
    expect(error.code === code, `${code} expected, not ${error.code}: ${error.message}`);
    return error;
  }
  throw new Error(`${code} expected, but it worked`);
}

async function readAll(topic, count, options = {}) {
  const consumer = kafka.consumer({ topics: [topic], fromBeginning: true, ...options });
  const records = [];
  try {
    if (count === 0) return records;
    for await (const record of consumer) {
      records.push(record);
      if (records.length === count) break;
    }
  } finally {
    await consumer.close();
  }
  return records;
}

await check('describes the cluster', async () => {
  const { clusterId, brokers } = await admin.describeCluster();
  expect(clusterId && brokers.length > 0, 'no cluster id or no brokers');
  const versions = await admin.apiVersions();
  return `${brokers.length} brokers, ${versions.length} APIs`;
});

const basics = topicOf('basics');
await check('creates a topic, lists and describes it', async () => {
  const [made] = await admin.createTopics([
    { name: basics, partitions: 3, configs: { 'retention.ms': '-1' } },
  ]);
  equal(made.partitions, 3, 'partitions');
  await eventually(async () => {
    const listed = (await admin.listTopics()).find(({ name }) => name === basics);
    equal(listed?.partitions, 3, 'listed partitions');
  });
  const [described] = await eventually(() => admin.describeTopics([basics]));
  equal(described.id, made.id, 'topic id');
  expect(
    described.partitions.every(({ leader }) => leader >= 0),
    'a partition has no leader',
  );
  await fails('TOPIC_ALREADY_EXISTS', () => admin.createTopics([{ name: basics }]));
  await fails('UNKNOWN_TOPIC_OR_PARTITION', () => admin.describeTopics([topicOf('missing')]));
});

await check('describes and changes configs', async () => {
  const valueOf = async () => {
    const [found] = await admin.describeConfigs([{ type: 'topic', name: basics }]);
    return found.entries.find(({ name }) => name === 'retention.ms');
  };
  const before = await eventually(valueOf);
  equal([before.value, before.source, before.isDefault], ['-1', 'topic', false], 'retention.ms');
  await admin.alterConfigs([{ type: 'topic', name: basics, set: { 'retention.ms': 3_600_000 } }]);
  await eventually(async () => equal((await valueOf()).value, '3600000', 'retention.ms'));
  await admin.alterConfigs([{ type: 'topic', name: basics, delete: ['retention.ms'] }]);
  await eventually(async () => {
    expect((await valueOf()).source !== 'topic', 'retention.ms is still set');
  });
  await fails('INVALID_CONFIG', () =>
    admin.alterConfigs([{ type: 'topic', name: basics, set: { 'retention.ms': 'soon' } }]),
  );
});

await check('sends one record and reads it back', async () => {
  const producer = kafka.producer();
  const headers = [
    ['trace', 'one'],
    ['trace', 'two'],
    ['none', null],
  ];
  const timestamp = 1_700_000_000_123;
  const sent = await producer.send({ topic: basics, key: 'k', value: 'v', headers, timestamp });
  expect(sent.offset === 0 && sent.timestamp === timestamp, JSON.stringify(sent));
  const grave = await producer.send({ topic: basics, key: 'k', value: null });
  equal([grave.partition, grave.offset], [sent.partition, 1], 'place of the tombstone');
  await producer.close();
  const [first, second] = await readAll(basics, 2);
  equal(
    [first.key.toString(), first.value.toString(), first.timestamp],
    ['k', 'v', timestamp],
    'record',
  );
  const pairs = [...first.headers].map(([name, value]) => [name, value?.toString() ?? null]);
  equal(pairs, headers, 'headers');
  expect(second.value === null, 'the tombstone has a value');
});

await check('puts keys where Java puts them', async () => {
  // Where Kafka's console producer has put these keys in a topic of 3 partitions.
  const producer = kafka.producer();
  const places = {};
  for (const key of ['a', 'b', 'user-1', 'user-2', 'ä', '']) {
    places[key] = (await producer.send({ topic: basics, key, value: 'x' })).partition;
  }
  await producer.close();
  equal(places, { a: 1, b: 2, 'user-1': 2, 'user-2': 2, ä: 2, '': 0 }, 'partitions');
});

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  await check(`produces and consumes 5000 records with ${compression}`, async () => {
    const topic = topicOf(compression);
    await admin.createTopics([{ name: topic, partitions: 2 }]);
    const producer = kafka.producer({ compression, valueSerializer: json() });
    const values = Array.from({ length: 5000 }, (_, n) => ({
      n,
      text: `value ${n} `.repeat(n % 9),
    }));
    const sent = await producer.send(
      values.map((value) => ({ topic, key: `${value.n % 50}`, value })),
    );
    await producer.close();
    equal(
      new Set(sent.map(({ partition, offset }) => `${partition}/${offset}`)).size,
      5000,
      'places',
    );
    const read = await readAll(topic, 5000);
    const digest = (list) => createHash('sha256').update(list.sort().join('\n')).digest('hex');
    equal(
      digest(read.map(({ value }) => value.toString())),
      digest(values.map((value) => JSON.stringify(value))),
      'digest of the values',
    );
    const last = new Map();
    for (const { key, value } of read) {
      const { n } = JSON.parse(value);
      expect((last.get(`${key}`) ?? -1) < n, `key ${key} is out of order`);
      last.set(`${key}`, n);
    }
  });
}

await check('sends with acks 0, 1 and all, with and without idempotence', async () => {
  const topic = topicOf('acks');
  await admin.createTopics([{ name: topic, partitions: 1 }]);
  const kinds = [{ acks: 0 }, { acks: 1 }, { acks: 'all', enableIdempotence: false }, { acks: -1 }];
  for (const options of kinds) {
    const producer = kafka.producer(options);
    const sent = await producer.send({ topic, value: JSON.stringify(options) });
    expect(sent.offset >= 0 === (options.acks !== 0), `offset ${sent.offset}`);
    await producer.close();
  }
  equal((await readAll(topic, 4)).length, 4, 'records');
});

await check('keeps 20 000 concurrent sends in order, none lost or doubled', async () => {
  const topic = topicOf('order');
  await admin.createTopics([{ name: topic, partitions: 1 }]);
  const producer = kafka.producer({ batchSize: 2000 });
  const sent = await Promise.all(
    Array.from({ length: 20_000 }, (_, n) => producer.send({ topic, value: `${n}` })),
  );
  await producer.close();
  expect(
    sent.every(({ offset }, n) => offset === n),
    'offsets are not dense and in order',
  );
  const read = await readAll(topic, 20_000);
  expect(
    read.every(({ value }, n) => value.toString() === `${n}`),
    'values are out of order',
  );
});

await check('splits batches that the topic finds too large', async () => {
  const topic = topicOf('split');
  const configs = { 'max.message.bytes': '4000' };
  await admin.createTopics([{ name: topic, partitions: 1, configs }]);
  const producer = kafka.producer({ batchSize: 100_000 });
  const sent = await producer.send(
    Array.from({ length: 200 }, (_, n) => ({ topic, value: `${n}`.padEnd(500, '.') })),
  );
  expect(
    sent.every(({ offset }, n) => offset === n),
    'offsets are not dense and in order',
  );
  await fails('MESSAGE_TOO_LARGE', () => producer.send({ topic, value: 'x'.repeat(5000) }));
  const after = await producer.send({ topic, value: 'after' });
  equal(after.offset, 200, 'offset after the refused record');
  await producer.close();
});

await check('creates a topic by sending to it, where the broker allows it', async () => {
  const [found] = await admin.describeConfigs([{ type: 'topic', name: basics }]);
  expect(found.entries.length > 0, 'no configs');
  const producer = kafka.producer({ maxBlockMs: 10_000 });
  const { offset } = await producer.send({ topic: topicOf('auto'), value: 'x' });
  await producer.close();
  equal(offset, 0, 'offset');
});

await check('lists offsets and deletes records', async () => {
  const topic = topicOf('order');
  const at = async (place) =>
    (await admin.listOffsets([{ topic, partition: 0, at: place }]))[0].offset;
  equal([await at('earliest'), await at('latest')], [0, 20_000], 'ends');
  equal(await at({ timestamp: 0 }), 0, 'offset of the oldest timestamp');
  equal(await at({ timestamp: Date.now() + 1e9 }), -1, 'offset of a future timestamp');
  expect((await at('max-timestamp')) >= 0, 'no record has the largest timestamp');
  const [cut] = await admin.deleteRecords([{ topic, partition: 0, offset: 100 }]);
  equal(cut.lowWatermark, 100, 'low watermark');
  equal(await at('earliest'), 100, 'earliest');
  const [a, b] = await admin.listOffsets([
    { topic, partition: 0, at: 'earliest' },
    { topic, partition: 0, at: 'latest' },
  ]);
  equal([a.offset, b.offset], [100, 20_000], 'both ends in one call');
});

await check('a group commits, resumes, is described, moved and deleted', async () => {
  const topic = topicOf('group');
  const groupId = topicOf('readers');
  await admin.createTopics([{ name: topic, partitions: 2 }]);
  const producer = kafka.producer({ valueSerializer: string() });
  const send = (from, to) =>
    producer.send(
      Array.from({ length: to - from }, (_, n) => ({
        topic,
        partition: n % 2,
        value: `${from + n}`,
      })),
    );
  await send(0, 100);
  const options = { groupId, topics: [topic], fromBeginning: true, valueDeserializer: string() };
  const consumer = kafka.consumer(options);
  const seen = [];
  for await (const record of consumer) {
    seen.push(record.value);
    if (seen.length === 50) {
      const [group] = await admin.describeGroups([groupId]);
      equal([group.state, group.members.length], ['Stable', 1], 'state and members');
      equal(group.members[0].assignment.length, 2, 'assigned partitions');
    }
    if (seen.length === 100) {
      await consumer.commit(record);
      break;
    }
  }
  await consumer.close();
  const committed = await admin.fetchOffsets(groupId);
  equal(
    committed.map(({ offset }) => offset),
    [50, 50],
    'committed',
  );
  await eventually(async () => {
    const listed = (await admin.listGroups()).find((group) => group.groupId === groupId);
    equal(listed?.state, 'Empty', 'state');
  });
  await send(100, 110);
  const more = await readAll(topic, 10, options);
  equal(more.map(({ value }) => Number(value)).sort((a, b) => a - b)[0], 100, 'first record after');
  await admin.alterOffsets(groupId, [{ topic, partition: 0, offset: 3 }]);
  const [moved] = await admin.fetchOffsets(groupId, { partitions: [{ topic, partition: 0 }] });
  equal(moved.offset, 3, 'moved offset');
  await admin.deleteOffsets(groupId, [{ topic, partition: 0 }]);
  equal((await admin.fetchOffsets(groupId)).length, 1, 'offsets left');
  await admin.deleteGroups([groupId]);
  await fails('GROUP_ID_NOT_FOUND', () => admin.describeGroups([groupId]));
  await producer.close();
});

/** Whether the brokers serve the consumer protocol (KIP-848) to the version with expressions. */
const versionsServed = await admin.apiVersions();
const servesConsumerProtocol = versionsServed.some(
  ({ name, max }) => name === 'ConsumerGroupHeartbeat' && max >= 1,
);

if (servesConsumerProtocol) {
  await check('a group of the consumer protocol hands partitions on, none read twice', async () => {
    const topic = topicOf('consumer-protocol');
    const groupId = topicOf('consumer-members');
    await admin.createTopics([{ name: topic, partitions: 4 }]);
    const producer = kafka.producer();
    const send = () =>
      producer.send(
        Array.from({ length: 200 }, (_, n) => ({ topic, partition: n % 4, value: 'x' })),
      );
    const seen = new Map();
    const join = () => {
      const consumer = kafka.consumer({
        groupId,
        groupProtocol: 'consumer',
        topics: [topic],
        fromBeginning: true,
      });
      const ended = (async () => {
        for await (const { partition, offset } of consumer) {
          const place = `${partition}/${offset}`;
          seen.set(place, (seen.get(place) ?? 0) + 1);
        }
      })();
      return { consumer, ended };
    };
    const until = async (isTrue) => {
      while (!isTrue()) await new Promise((done) => setTimeout(done, 20));
    };
    await send();
    const one = join();
    await until(() => seen.size === 200);
    const two = join();
    await until(() => two.consumer.assignment().length === 2);
    await until(() => one.consumer.assignment().length === 2);
    await send();
    await until(() => seen.size === 400);
    await two.consumer.close();
    await until(() => one.consumer.assignment().length === 4);
    await one.consumer.close();
    await Promise.all([one.ended, two.ended]);
    await producer.close();
    expect(
      [...seen.values()].every((times) => times === 1),
      'a record was read twice',
    );
    const committed = await admin.fetchOffsets(groupId);
    equal(
      committed.map(({ offset }) => offset),
      [100, 100, 100, 100],
      'committed',
    );
  });

  await check('an expression is matched by the brokers', async () => {
    const topic = topicOf('consumer-protocol');
    const options = { groupProtocol: 'consumer', topics: undefined, groupId: topicOf('matching') };
    const expression = new RegExp(`consumer-protocol-${run}$`);
    equal((await readAll('', 400, { ...options, topics: expression })).length, 400, 'records');
    const topicPattern = `kafkit-consumer.*${run}`;
    const pattern = { ...options, groupId: topicOf('pattern'), topicPattern };
    equal((await readAll(topic, 400, pattern)).length, 400, 'records');
    await fails('INVALID_REGULAR_EXPRESSION', () =>
      readAll(topic, 1, { ...pattern, topicPattern: '([' }),
    );
  });
}

await check('adds partitions and sends to them', async () => {
  await admin.createPartitions([{ topic: basics, count: 5 }]);
  const producer = kafka.producer();
  let place;
  for (let tries = 0; tries < 50 && place === undefined; tries++) {
    const found = await admin.describeTopics([basics]);
    if (found[0].partitions.length === 5) {
      place = await producer.send({ topic: basics, partition: 4, value: 'x' }).catch((error) => {
        if (error.code !== 'INVALID_ARGUMENT') throw error;
        return undefined;
      });
    }
    if (place === undefined) await new Promise((done) => setTimeout(done, 100));
  }
  equal([place?.partition, place?.offset], [4, 0], 'place');
  await producer.close();
});

await check('a raw request reaches the leader and the coordinator', async () => {
  const leader = await kafka.send(
    'ListOffsets',
    (version) => ({
      replicaId: -1,
      ...(version >= 2 ? { isolationLevel: 0 } : {}),
      topics: [{ name: basics, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
    }),
    { leaderOf: { topic: basics, partition: 0 } },
  );
  equal(leader.topics[0].partitions[0].errorCode, 0, 'error code');
  const group = await kafka.send(
    'DescribeGroups',
    { groups: ['nobody'], includeAuthorizedOperations: false },
    { coordinatorOf: { group: 'nobody' } },
  );
  equal(group.groups.length, 1, 'groups');
});

await check('a topic that is deleted and created again takes idempotent records', async () => {
  const topic = topicOf('again');
  const producer = kafka.producer();
  await admin.createTopics([{ name: topic, partitions: 1 }]);
  for (let n = 0; n < 3; n++) await producer.send({ topic, value: `${n}` });
  await admin.deleteTopics([topic]);
  for (let tries = 0; tries < 100; tries++) {
    if (!(await admin.listTopics()).some(({ name }) => name === topic)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  await admin.createTopics([{ name: topic, partitions: 1 }]);
  const { offset } = await producer.send({ topic, value: 'anew' });
  equal(offset, 0, 'offset in the new topic');
  await producer.close();
});

await check('deletes topics', async () => {
  const mine = (await admin.listTopics())
    .map(({ name }) => name)
    .filter((name) => name.endsWith(run));
  await admin.deleteTopics(mine);
  return `${mine.length} topics`;
});

await kafka.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
