// What Apache's own Java programs find: the verifiable producer and consumer and the transactional
// copier of its system tests, its compatibility probe, its performance tools, trogdor's workloads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort, require } from '../environment.mjs';

const tools = 'org.apache.kafka.tools';

/** name → check. A check throws when something is not as it must be. */
export function toolsChecks(context) {
  return {
    'verifiable/classic': () => takeOver(context, 'classic'),
    'verifiable/consumer': () => takeOver(context, 'consumer'),
    'transactional-copier/assigned': () => copyInTransactions(context, []),
    'transactional-copier/group': () =>
      copyInTransactions(context, ['--group-mode', '--use-group-metadata']),
    'client-compatibility': () => probe(context),
    'performance/produce-consume': () => performance(context, []),
    'performance/transactions': () => performance(context, ['--transaction-duration-ms', '100']),
    'trogdor/round-trip': () => roundTrip(context),
    'trogdor/produce-in-transactions': () => produceBench(context),
  };
}

const at = (context) => ['--bootstrap-server', context.address];

/**
 * Two consumers share a topic while it is written; one is killed. Together they must have seen
 * every record that was acknowledged.
 */
async function takeOver(context, protocol) {
  const { java, createTopic } = context;
  const topic = `verifiable-${protocol}`;
  await createTopic(topic, 4);
  const config = join(context.folder, `${topic}.properties`);
  writeFileSync(config, 'max.poll.records=100\n');
  const consume = () =>
    java([
      ...[`${tools}.VerifiableConsumer`, ...at(context), '--topic', topic, '--verbose'],
      ...['--group-id', topic, '--group-protocol', protocol, '--command-config', config],
      ...(protocol === 'classic' ? ['--session-timeout', '6000'] : []),
    ]);
  const first = consume();
  const second = consume();
  const assigned = (printed) => printed.includes('"partitions_assigned"');
  await first.until(assigned, 'it had partitions');
  const producer = java([
    ...[`${tools}.VerifiableProducer`, ...at(context), '--topic', topic],
    ...['--max-messages', '6000', '--throughput', '300'],
  ]);
  await second.until((printed) => printed.includes('"record_data"'), 'it had a record');
  first.kill();
  await producer.toEnd();
  const acknowledged = producer.events('producer_send_success').map((event) => event.value);
  require(acknowledged.length === 6000, `${acknowledged.length} of 6000 acknowledged`);
  const missing = () => {
    const seen = new Set(first.events('record_data').map((event) => event.value));
    for (const event of second.events('record_data')) seen.add(event.value);
    return acknowledged.filter((value) => !seen.has(value)).length;
  };
  await second
    .until(() => missing() === 0, 'every record had been seen')
    .catch((error) => {
      throw new Error(`${missing()} records were seen by neither; ${error.message}`);
    });
  second.terminate();
  await second.closed;
  const committed = second.events('offsets_committed');
  require(committed.some((event) => event.success), 'no commit of the second succeeded');
}

/**
 * Copies a topic in transactions of which some are aborted at random, while copiers are killed and
 * begun again. The copy, read committed, holds every record exactly once.
 */
async function copyInTransactions(context, mode) {
  const { java, createTopic } = context;
  const name = mode.length > 0 ? 'group' : 'assigned';
  const records = 4000;
  await createTopic(`copy-in-${name}`, 2);
  await createTopic(`copy-out-${name}`, 2);
  const filled = java([
    ...[`${tools}.VerifiableProducer`, ...at(context), '--topic', `copy-in-${name}`],
    // Keys, so that both partitions get their part.
    ...['--max-messages', String(records), '--repeating-keys', '50'],
  ]);
  await filled.toEnd();
  const copy = async (partition) => {
    const begin = () =>
      java([
        ...[`${tools}.TransactionalMessageCopier`, '--broker-list', context.address],
        ...['--input-topic', `copy-in-${name}`, '--input-partition', String(partition)],
        ...['--output-topic', `copy-out-${name}`, '--consumer-group', `copiers-${name}`],
        ...['--transactional-id', `copier-${name}-${partition}`, '--transaction-size', '100'],
        ...['--transaction-timeout', '10000', '--enable-random-aborts', ...mode],
      ]);
    for (let life = 0; life < 2; life++) {
      const copier = begin();
      const worked = copier.until((printed) => /"consumed":[1-9]/.test(printed), 'it had copied');
      await worked.catch((error) => {
        if (!copier.printed.includes('ShutdownComplete')) throw error;
      });
      copier.kill();
      await copier.closed;
    }
    await begin().toEnd();
  };
  // In a group, a copier that gets no partition beside another ends at once; one alone gets both.
  await Promise.all(mode.length > 0 ? [copy(0)] : [copy(0), copy(1)]);
  const source = await readAll(context, `copy-in-${name}`, records);
  const target = await readAll(context, `copy-out-${name}`, records);
  require(source.length === records, `${source.length} of ${records} records went in`);
  require(target.length === records &&
    new Set(target).size ===
      records, `${target.length} records came out, ${new Set(target).size} different ones, of ${records}`);
}

/** The values of a topic, read committed, with some time in which one too many would arrive. */
async function readAll(context, topic, atLeast) {
  const reader = context.java([
    ...[`${tools}.consumer.ConsoleConsumer`, ...at(context), '--topic', topic],
    ...['--from-beginning', '--isolation-level', 'read_committed', '--timeout-ms', '15000'],
  ]);
  const printed = await reader.toEnd();
  const values = printed.split('\n').filter((line) => /^\d+$/.test(line));
  require(values.length >= atLeast, `${topic} gave ${values.length} records of ${atLeast}`);
  return values;
}

/** Apache's ready probe of a broker by a client: 0 is its only good end. */
async function probe(context) {
  const supported = [
    ...['offsets-for-times', 'cluster-id', 'create-topics', 'describe-acls', 'describe-configs'],
    'idempotent-producer',
  ].flatMap((what) => [
    `--${what}-supported`,
    String(what !== 'describe-acls' || context.kind === 'apache'),
  ]);
  await context.createTopic('probe', 1);
  const ends = context.java([
    ...[`${tools}.ClientCompatibilityTest`, ...at(context), '--topic', 'probe'],
    ...[...supported, '--expect-record-too-large-exception', 'false', '--num-cluster-nodes', '1'],
  ]);
  const printed = await ends.toEnd();
  require(printed.includes('SUCCESS'), printed.slice(-2000));
}

async function performance(context, more) {
  const topic = more.length > 0 ? 'performance-transactions' : 'performance';
  await context.createTopic(topic, 4);
  const producer = context.java([
    ...[`${tools}.ProducerPerformance`, ...at(context), '--topic', topic],
    ...['--num-records', '50000', '--record-size', '200', '--throughput', '-1', ...more],
  ]);
  const printed = await producer.toEnd();
  require(/^50000 records sent/m.test(printed), printed.slice(-2000));
  const consumer = context.java([
    ...[`${tools}.ConsumerPerformance`, ...at(context), '--topic', topic],
    ...['--num-records', '50000', '--timeout', '60000'],
    ...['--command-property', 'isolation.level=read_committed'],
  ]);
  const consumed = await consumer.toEnd();
  require(consumed.includes(', 50000, '), consumed.slice(-2000));
}

const payload = { type: 'sequential', size: 128, startOffset: 0 };

/** Every message that is sent must come back, whatever the order. */
async function roundTrip(context) {
  const printed = await trogdor(context, 'round-trip', {
    class: 'org.apache.kafka.trogdor.workload.RoundTripWorkloadSpec',
    startMs: 0,
    durationMs: 180_000,
    clientNode: 'node0',
    bootstrapServers: context.address,
    targetMessagesPerSec: 2000,
    valueGenerator: payload,
    maxMessages: 20_000,
    activeTopics: { 'round-trip-[1-2]': { numPartitions: 3, replicationFactor: 1 } },
  });
  require(/"totalUniqueSent"\s*:\s*20000/.test(printed), printed.slice(-2000));
  require(/"totalReceived"\s*:\s*20000/.test(printed), printed.slice(-2000));
}

async function produceBench(context) {
  const printed = await trogdor(context, 'produce-bench', {
    class: 'org.apache.kafka.trogdor.workload.ProduceBenchSpec',
    startMs: 0,
    durationMs: 180_000,
    producerNode: 'node0',
    bootstrapServers: context.address,
    targetMessagesPerSec: 2000,
    maxMessages: 10_000,
    keyGenerator: payload,
    valueGenerator: payload,
    transactionGenerator: { type: 'uniform', messagesPerTransaction: 100 },
    activeTopics: { 'bench-[1-2]': { numPartitions: 3, replicationFactor: 1 } },
  });
  require(/"totalSent"\s*:\s*10000/.test(printed), printed.slice(-2000));
  require(/"transactionsCommitted"\s*:\s*100\b/.test(printed), printed.slice(-2000));
}

async function trogdor(context, name, spec) {
  const config = join(context.folder, `trogdor-${name}.conf`);
  const node = {
    hostname: 'localhost',
    'trogdor.agent.port': await freePort(),
    'trogdor.coordinator.port': await freePort(),
  };
  const platform = 'org.apache.kafka.trogdor.basic.BasicPlatform';
  writeFileSync(config, JSON.stringify({ platform, nodes: { node0: node } }));
  const task = join(context.folder, `trogdor-${name}.json`);
  writeFileSync(task, JSON.stringify(spec));
  const agent = 'org.apache.kafka.trogdor.agent.Agent';
  const run = context.java([agent, '-c', config, '-n', 'node0', '--exec', task]);
  return run.toEnd();
}
