// Kafka Streams on the classic group protocol: a word count, an exactly-once pipeline that is
// killed, and the programs of Apache's own system tests of Streams.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { require, sleep } from '../environment.mjs';

const tests = 'org.apache.kafka.streams.tests';

export function streamsChecks(context) {
  return {
    'streams/word-count': () => wordCount(context),
    'streams/exactly-once-killed': () => sumsWhileKilled(context),
    'streams/broker-compatibility-at-least-once': () => compatibility(context, 'at_least_once'),
    'streams/broker-compatibility-exactly-once': () => compatibility(context, 'exactly_once_v2'),
    'streams/smoke-at-least-once': () => smoke(context, 'at_least_once'),
    'streams/smoke-exactly-once': () => smoke(context, 'exactly_once_v2'),
  };
}

function stateFolder(context, name) {
  const path = join(context.folder, `state-${name}`);
  mkdirSync(path, { recursive: true });
  return path;
}

async function wordCount(context) {
  const state = stateFolder(context, 'words');
  const printed = await context.java(['Words', context.address, state, '2000']).toEnd();
  require(printed.includes('COUNTED'), printed.slice(-2000));
}

/**
 * The pipeline is killed in the middle three times: once it finds its state again, once it begins
 * on an empty directory and restores from the changelog, once two instances share the work and one
 * dies. The sums must be exact and nothing counted twice.
 */
async function sumsWhileKilled(context) {
  const records = 30_000;
  await context.createTopic('numbers', 4);
  await context.createTopic('sums', 4);
  const fill = context.java(['Sums', 'fill', context.address, String(records)]);
  await fill.toEnd();
  const begin = (state) =>
    context.java(['Sums', 'run', context.address, stateFolder(context, state)], 600);
  const running = (program) =>
    program.until((printed) => printed.includes('STATE RUNNING'), 'it was running');
  for (const state of ['one', 'one', 'two']) {
    const program = begin(state);
    await running(program);
    await sleep(1500);
    program.kill();
    await program.closed;
  }
  const left = begin('three');
  await running(left);
  const dying = begin('four');
  await running(dying);
  dying.kill();
  await dying.closed;
  const check = context.java(['Sums', 'check', context.address, String(records)], 400);
  const printed = await check.toEnd();
  left.kill();
  require(printed.includes('EXACT'), printed.slice(-2000));
}

function configFile(context, name, settings) {
  const path = join(context.folder, `${name}.properties`);
  const lines = Object.entries({ 'bootstrap.servers': context.address, ...settings });
  writeFileSync(path, `${lines.map(([key, value]) => `${key}=${value}`).join('\n')}\n`);
  return path;
}

/** The program waits until it has counted 1: what another run has left is taken away first. */
async function compatibility(context, guarantee) {
  await context.deleteTopics('(brokerCompatibility|kafka-streams-system-test-broker).*');
  for (const topic of ['brokerCompatibilitySourceTopic', 'brokerCompatibilitySinkTopic'])
    await context.createTopic(topic, 1);
  const config = configFile(context, `compatibility-${guarantee}`, {
    'state.dir': stateFolder(context, `compatibility-${guarantee}`),
  });
  const program = context.java([`${tests}.BrokerCompatibilityTest`, config, guarantee]);
  const printed = await program.toEnd();
  require(printed.includes('close Kafka Streams'), printed.slice(-2000));
}

/**
 * When a worker commits between two questions of the driver, which asks for the ends of partitions
 * first and for the last stable offsets then, it gives up (FINDINGS.md).
 */
const overtaken = /Offset for partition \S+ is larger than topic endOffset/;

async function smoke(context, guarantee) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await smokeOnce(context, guarantee);
    } catch (error) {
      if (attempt === 3 || !overtaken.test(error.message)) throw error;
      console.log(`smoke test, ${guarantee}, again: ${overtaken.exec(error.message)[0]}`);
    }
  }
}

/** Apache's smoke test: a driver writes for half a minute and verifies; two workers, one killed. */
async function smokeOnce(context, guarantee) {
  const topics = ['data', 'echo', 'fk', 'max', 'min', 'min-raw', 'min-suppressed', 'dif', 'sum'];
  topics.push('sws-raw', 'sws-suppressed', 'cnt', 'avg', 'tagg');
  await context.deleteTopics(`(${topics.join('|')}|SmokeTest.*)`);
  for (const topic of topics) await context.createTopic(topic, 5);
  const settings = { 'processing.guarantee': guarantee, 'num.stream.threads': '2' };
  const worker = (name) => {
    const state = stateFolder(context, `smoke-${guarantee}-${name}`);
    const config = configFile(context, `smoke-${guarantee}-${name}`, {
      ...settings,
      'state.dir': state,
    });
    return context.java([`${tests}.StreamsSmokeTest`, config, 'process'], 600);
  };
  const one = worker('one');
  const two = worker('two');
  const config = configFile(context, `smoke-${guarantee}`, settings);
  const driver = context.java([`${tests}.StreamsSmokeTest`, config, 'run'], 500);
  await one.until((printed) => printed.includes('processed'), 'it had processed a record');
  one.kill();
  await one.closed;
  const three = worker('three');
  const printed = await driver.toEnd();
  two.kill();
  three.kill();
  const verdict = /^(ALL-RECORDS-DELIVERED|PROCESSED-\S+)$/m.exec(printed)?.[1];
  const fine = guarantee === 'at_least_once' ? /^(ALL|PROCESSED-MORE)/ : /^ALL/;
  require(fine.test(verdict ?? ''), `${verdict}\n${printed.slice(-2500)}`);
  require(/^SUCCESS$/m.test(printed), printed.slice(-2500));
}
