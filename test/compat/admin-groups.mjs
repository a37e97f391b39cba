// Admin against one node of real Apache Kafka: transactions, producers, offsets and groups of every
// type; each effect is looked at with Apache's own tools.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apacheTool,
  freePort,
  require,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';
import { check, closing, equal, eventually, fails, says } from './judging.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist', import.meta.url).pathname;
const { Kafka, itemResults, silentLogger } = await import(
  pathToFileURL(join(dist, 'index.js')).href
);
const { RecordBatchBuilder } = await import(pathToFileURL(join(dist, 'records/index.js')).href);

const directory = temporaryDirectory('admin-groups');
const port = await freePort();
const address = startApacheKafka('single', directory, port, [
  // So that a transaction can be left hanging, as brokers before Kafka 3.6 let it happen.
  ...['--set', 'transaction.partition.verification.enable=false'],
]);
const kafka = new Kafka({ bootstrapServers: address, clientId: 'admin', logger: silentLogger });
const admin = kafka.admin();
const tool = (name, ...args) =>
  apacheTool(name, ['--bootstrap-server', address, ...args], { mayFail: true }).stdout;

await transactions();
await groups();
await otherGroups();
await kafka.close();
stopApacheKafka(directory);
closing();

// ---- transactions -------------------------------------------------------------------------------

async function transactions() {
  await check('transactions are listed, described, and ended by force', async () => {
    await admin.createTopics([{ name: 'paid', partitions: 2 }]);
    const producer = kafka.producer({ transactionalId: 'shop-1', transactionTimeoutMs: 60_000 });
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic: 'paid', partition: 1, value: 'open' });
    const open = await admin.listTransactions({ states: ['Ongoing'] });
    equal(
      open.map(({ transactionalId }) => transactionalId),
      ['shop-1'],
      'open',
    );
    const [{ producerId }] = open;
    equal((await admin.listTransactions({ producerIds: [producerId] })).length, 1, 'by producer');
    equal(await admin.listTransactions({ durationMs: 3_600_000 }), [], 'open for an hour');
    const byPattern = await admin.listTransactions({ transactionalIdPattern: 'shop-.*' });
    equal(byPattern.length, 1, 'by pattern');
    await fails('INVALID_ARGUMENT', () => admin.listTransactions({ states: ['Odd'] }));
    says(tool('kafka-transactions', 'list'), new RegExp(`shop-1\\s+1\\s+${producerId}\\s+Ongoing`));
    const [described] = await admin.describeTransactions(['shop-1']);
    equal(described.partitions, [{ topic: 'paid', partition: 1 }], 'partitions');
    equal(described.transactionTimeoutMs, 60_000, 'time-out');
    says(
      tool('kafka-transactions', 'describe', '--transactional-id', 'shop-1'),
      new RegExp(`${producerId}\\s+${described.producerEpoch}\\s+Ongoing\\s+60000`),
    );
    const [{ producers }] = await admin.describeProducers([{ topic: 'paid', partition: 1 }]);
    equal(
      producers.map((one) => [one.producerId, one.currentTransactionStartOffset]),
      [[producerId, 0]],
      'producers',
    );
    says(
      tool('kafka-transactions', 'describe-producers', '--topic', 'paid', '--partition', '1'),
      new RegExp(`^${producerId}\\s`, 'm'),
    );
    const [fenced] = await admin.fenceProducers(['shop-1']);
    require(fenced.producerEpoch > described.producerEpoch, 'the epoch does not grow');
    await eventually(async () => {
      const [now] = await admin.describeTransactions(['shop-1']);
      equal(now.state, 'Empty', 'state');
    });
    let refused;
    await transaction
      .send({ topic: 'paid', partition: 1, value: 'too late' })
      .then(
        () => transaction.commit(),
        (error) => (refused = error),
      )
      .catch((error) => (refused = error));
    require(refused !== undefined, 'the fenced producer goes on');
    await producer.close().catch(() => undefined);
    await admin.forceTerminateTransaction('shop-1');
    const error = await fails('TRANSACTIONAL_ID_NOT_FOUND', () =>
      admin.describeTransactions(['shop-1', 'nobody']),
    );
    equal(
      itemResults(error).map((one) => [one.key.transactionalId, one.value?.state]),
      [
        ['shop-1', 'Empty'],
        ['nobody', undefined],
      ],
      'each',
    );
    return `refused with ${refused.code}`;
  });

  await check('a hanging transaction is found and aborted', async () => {
    const hanging = await leaveHanging();
    const topics = ['paid'];
    const found = await admin.findHangingTransactions({ topics });
    equal(
      found.map((one) => [one.topic, one.partition, one.producerId]),
      [['paid', 0, hanging]],
      'found',
    );
    says(
      tool('kafka-transactions', 'find-hanging', '--topic', 'paid'),
      new RegExp(`paid\\s+0\\s+${hanging}`),
    );
    const stable = async () => {
      const at = { topic: 'paid', partition: 0, at: 'latest' };
      const options = { isolationLevel: 'read_committed' };
      return (await admin.listOffsets([at], options))[0].offset;
    };
    equal(await stable(), 0, 'last stable offset before');
    await admin.abortTransaction(found[0]);
    equal(await stable(), 2, 'last stable offset after');
    equal(await admin.findHangingTransactions({ topics }), [], 'left');
    require(!tool('kafka-transactions', 'find-hanging', '--topic', 'paid').includes(
      'paid',
    ), 'tool');
  });
}

/** A transactional batch that no coordinator was told of, twenty-five minutes ago. */
async function leaveHanging() {
  const { producerId, producerEpoch } = await kafka.send(
    'InitProducerId',
    { transactionalId: 'lost', transactionTimeoutMs: 60_000 },
    { coordinatorOf: { transactionalId: 'lost' } },
  );
  const fields = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
  const builder = new RecordBatchBuilder({ producer: fields });
  const timestamp = Date.now() - 25 * 60_000;
  builder.append({ key: null, value: Buffer.from('lost'), timestamp });
  const records = await builder.build();
  const data = { name: 'paid', partitionData: [{ index: 0, records }] };
  const answer = await kafka.send(
    'Produce',
    { transactionalId: 'lost', acks: -1, timeoutMs: 10_000, topicData: [data] },
    { leaderOf: { topic: 'paid', partition: 0 } },
    { versionMax: 11 },
  );
  equal(answer.responses[0].partitionResponses[0].errorCode, 0, 'the batch');
  return producerId;
}

// ---- groups -------------------------------------------------------------------------------------

async function groups() {
  await check('offsets at every kind of place', async () => {
    const producer = kafka.producer();
    // Records of 1970 are older than any broker keeps by itself.
    await admin.createTopics([{ name: 'timed', partitions: 1, configs: { 'retention.ms': -1 } }]);
    for (const timestamp of [1000, 3000, 2000]) {
      await producer.send({ topic: 'timed', partition: 0, value: 'x', timestamp });
    }
    await producer.close();
    const places = ['earliest', 'latest', 'max-timestamp', { timestamp: 1500 }, 'earliest-local'];
    const tiered = ['latest-tiered', 'earliest-pending-upload'];
    const at = (place) => ({ topic: 'timed', partition: 0, at: place });
    const found = await admin.listOffsets([...places, ...tiered].map(at));
    equal(
      found.map(({ offset }) => offset),
      [0, 3, 1, 1, 0, -1, -1],
      'offsets',
    );
    says(tool('kafka-get-offsets', '--topic', 'timed', '--time', '-3'), /timed:0:1/);
  });

  await check('offsets of a group are planned, reset and seen by the tool', async () => {
    const described = () => tool('kafka-consumer-groups', '--describe', '--group', 'audit');
    await admin.alterOffsets('audit', [{ topic: 'timed', partition: 0, offset: 1 }]);
    const plan = await admin.resetOffsets('audit', { to: 'latest', dryRun: true });
    equal(
      plan,
      [{ topic: 'timed', partition: 0, current: 1, offset: 3, leaderEpoch: 0, wanted: null }],
      'plan',
    );
    says(described(), /audit\s+timed\s+0\s+1\s+3\s+2/);
    await admin.resetOffsets('audit', { to: { shiftBy: 1 } });
    says(described(), /audit\s+timed\s+0\s+2\s+3\s+1/);
    const [beyond] = await admin.resetOffsets('audit', { to: { offset: 99 }, topics: ['timed'] });
    equal([beyond.offset, beyond.wanted], [3, 99], 'beyond the end');
    await admin.resetOffsets('audit', { to: { timestamp: 1500 } });
    says(described(), /audit\s+timed\s+0\s+1\s+3\s+2/);
    const [recent] = await admin.resetOffsets('audit', { to: { durationMs: 1000 } });
    equal(recent.offset, 3, 'nothing in the last second');
    await admin.resetOffsets('audit', { to: 'earliest' });
    says(described(), /audit\s+timed\s+0\s+0\s+3\s+3/);
  });

  await check('a static member that stays away is removed', async () => {
    const consumer = kafka.consumer({
      groupId: 'static',
      topics: ['timed'],
      groupInstanceId: 'one',
      fromBeginning: true,
    });
    for await (const _record of consumer) break;
    await consumer.close();
    const [before] = await admin.describeGroups(['static'], { authorizedOperations: true });
    equal(
      [before.type, before.members.map((one) => one.groupInstanceId)],
      ['classic', ['one']],
      'group',
    );
    require(before.authorizedOperations.includes('delete'), 'no operations');
    await fails('UNKNOWN_MEMBER_ID', () =>
      admin.removeMembers('static', { members: [{ groupInstanceId: 'two' }] }),
    );
    await admin.removeMembers('static');
    says(tool('kafka-consumer-groups', '--describe', '--group', 'static', '--state'), /Empty\s+0/);
    await admin.deleteGroups(['static']);
  });

  await check('a group of the newer protocol, with epochs and targets', async () => {
    const options = { groupId: 'newer', topics: ['timed'], groupProtocol: 'consumer' };
    const consumer = kafka.consumer({ ...options, fromBeginning: true });
    for await (const _record of consumer) {
      const [group] = await admin.describeGroups(['newer']);
      equal([group.type, group.state, group.protocol], ['consumer', 'Stable', 'uniform'], 'group');
      const [member] = group.members;
      equal(
        [member.topics, member.targetAssignment],
        [['timed'], [{ topic: 'timed', partition: 0 }]],
        'member',
      );
      equal(
        [member.protocol, member.memberEpoch > 0, group.groupEpoch > 0],
        ['consumer', true, true],
        'epochs',
      );
      break;
    }
    await consumer.close();
    const listed = await admin.listGroups({ types: ['Consumer'], protocolTypes: ['consumer'] });
    equal(
      listed.map(({ groupId }) => groupId),
      ['newer'],
      'listed',
    );
    equal(
      await admin.listGroups({ types: ['Consumer'], protocolTypes: ['connect'] }),
      [],
      'connect',
    );
  });
}

async function otherGroups() {
  await check('a share group: members, offsets, reset, deleted', async () => {
    await admin.alterConfigs([
      { type: 'group', name: 'queue', set: { 'share.auto.offset.reset': 'earliest' } },
    ]);
    const consumer = ['--bootstrap-server', address, '--topic', 'timed', '--group', 'queue'];
    const limits = ['--max-messages', '3', '--timeout-ms', '20000'];
    const read = apacheTool('kafka-console-share-consumer', [...consumer, ...limits]).stdout;
    equal(read.trim(), 'x\nx\nx', 'what the Java share consumer reads');
    await eventually(async () => {
      const [group] = await admin.describeGroups(['queue']);
      equal([group.type, group.state, group.members.length], ['share', 'Empty', 0], 'group');
    });
    const [offset] = await eventually(async () => {
      const found = await admin.describeShareGroupOffsets('queue');
      equal(found.length, 1, 'partitions with a start');
      return found;
    });
    // The start itself moves on with the next fetch.
    equal([offset.topic, offset.partition, offset.lag], ['timed', 0, 0], 'what is left');
    await admin.alterShareGroupOffsets('queue', [{ topic: 'timed', partition: 0, startOffset: 1 }]);
    says(
      tool('kafka-share-groups', '--describe', '--group', 'queue', '--offsets'),
      /queue\s+timed\s+0\s+1\s+2/,
    );
    const partitions = [{ topic: 'timed', partition: 0 }];
    equal((await admin.describeShareGroupOffsets('queue', { partitions })).length, 1, 'one');
    const error = await fails('UNKNOWN_TOPIC_OR_PARTITION', () =>
      admin.deleteShareGroupOffsets('queue', ['timed', 'unheard-of']),
    );
    equal(itemResults(error).length, 2, 'results');
    equal(await admin.describeShareGroupOffsets('queue'), [], 'after');
    equal(
      (await admin.listGroups({ types: ['Share'] })).map((one) => one.groupId),
      ['queue'],
      'listed',
    );
    await admin.deleteGroups(['queue']);
    require(!tool('kafka-share-groups', '--list').includes('queue'), 'the tool still lists it');
    equal(await admin.describeShareGroupOffsets('queue'), [], 'offsets of a group that is gone');
  });

  await check('a streams group: topology, members, deleted', async () => {
    const heartbeat = (fields) =>
      kafka.send(
        'StreamsGroupHeartbeat',
        { groupId: 'flow', memberId: 'flow-member-1', endpointInformationEpoch: 0, ...fields },
        { coordinatorOf: { group: 'flow' } },
      );
    const subtopology = {
      subtopologyId: '0',
      sourceTopics: ['timed'],
      sourceTopicRegex: [],
      stateChangelogTopics: [],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
      copartitionGroups: [],
    };
    const answer = await heartbeat({
      memberEpoch: 0,
      rebalanceTimeoutMs: 10_000,
      topology: { epoch: 1, subtopologies: [subtopology] },
      activeTasks: [],
      standbyTasks: [],
      warmupTasks: [],
      processId: 'process-1',
      clientTags: [],
      shutdownApplication: false,
    });
    equal([answer.errorCode, answer.errorMessage], [0, null], 'heartbeat');
    const [group] = await eventually(async () => {
      const found = await admin.describeGroups(['flow']);
      equal(found[0].members.length, 1, 'members');
      return found;
    });
    equal(group.type, 'streams', 'type');
    equal(
      group.topology.subtopologies.map((one) => one.sourceTopics),
      [['timed']],
      'topology',
    );
    equal(group.members[0].streams.processId, 'process-1', 'process');
    says(tool('kafka-streams-groups', '--describe', '--group', 'flow', '--members'), /process-1/);
    await heartbeat({ memberEpoch: -1 });
    await eventually(async () =>
      equal((await admin.describeGroups(['flow']))[0].state, 'Empty', 'state'),
    );
    await admin.deleteGroups(['flow']);
    equal(await admin.listGroups({ types: ['Streams'] }), [], 'left');
  });
}
