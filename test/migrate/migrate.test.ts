import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Kafka } from '../../src/client/index.js';
import { migrate, type MigrateOptions } from '../../src/migrate/index.js';
import { realSystem, silentLogger } from '../../src/system/index.js';
import { MemoryDisk } from '../../src/system/simulated/index.js';
import { startBroker, type TestBroker } from '../../src/testing/index.js';

let source: TestBroker;
let target: TestBroker;
let from: Kafka;
let to: Kafka;
let disk: MemoryDisk;

beforeEach(async () => {
  const config = { 'log.retention.check.interval.ms': '100000' };
  source = await startBroker({ logger: silentLogger, config });
  target = await startBroker({ logger: silentLogger, config });
  from = source.kafka({ logger: silentLogger });
  to = target.kafka({ logger: silentLogger });
  disk = new MemoryDisk();
});

afterEach(async () => {
  await from.close();
  await to.close();
  await source.close();
  await target.close();
});

const run = (more: Partial<MigrateOptions> = {}) =>
  migrate({ from, to, statePath: '/state', system: { ...realSystem(), disk }, ...more });

const failure = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );

async function create(name: string, partitions: number, configs: Record<string, string> = {}) {
  const admin = from.admin();
  await admin.createTopics([{ name, partitions, configs }]);
  await admin.close();
}

async function fill(topic: string, partition: number, from_: number, count: number, size = 0) {
  const filler = 'x'.repeat(size);
  const fresh = source.kafka({ logger: silentLogger });
  const producer = fresh.producer();
  const records = Array.from({ length: count }, (_, i) => ({
    topic,
    partition,
    key: topic === 'b' && i % 3 === 0 ? null : `k${i}`,
    value: i % 7 === 0 ? null : `value ${from_ + i}${filler}`,
    headers:
      i % 2 === 0
        ? ([
            ['h', 'x'],
            ['h', null],
          ] as const)
        : [],
    timestamp: 1_700_000_000_000 + from_ + i,
  }));
  await producer.send(records);
  await fresh.close();
}

/** Every record of a topic: partition, offset and content. */
async function contentOf(kafka: Kafka, topic: string): Promise<string[]> {
  const admin = kafka.admin();
  const [described] = await admin.describeTopics([topic]);
  const places = (described?.partitions ?? []).map((_, partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(
    places.map((place) => ({ ...place, at: 'latest' as const })),
  );
  const starts = await admin.listOffsets(
    places.map((place) => ({ ...place, at: 'earliest' as const })),
  );
  await admin.close();
  const left = new Set(
    ends
      .filter(({ offset }, i) => offset > (starts[i]?.offset ?? 0))
      .map(({ partition, offset }) => `${partition} ${offset - 1}`),
  );
  const content: string[] = [];
  if (left.size === 0) return content;
  const consumer = kafka.consumer({ assign: places, fromBeginning: true });
  for await (const { partition, offset, timestamp, key, value, headers } of consumer) {
    const fields = [partition, offset, timestamp, key?.toString(), value?.toString()];
    content.push(JSON.stringify([...fields, headers.toJSON()]));
    left.delete(`${partition} ${offset}`);
    if (left.size === 0) break;
  }
  await consumer.close();
  return content.sort();
}

async function commit(group: string, offsets: Record<string, number>) {
  const admin = from.admin();
  const places = Object.entries(offsets).map(([place, offset]) => {
    const [topic = '', partition] = place.split('/');
    return { topic, partition: Number(partition), offset, metadata: 'noted' };
  });
  await admin.alterOffsets(group, places);
  await admin.close();
}

async function committed(group: string): Promise<Record<string, string>> {
  const admin = to.admin();
  const found = await admin.fetchOffsets(group);
  await admin.close();
  return Object.fromEntries(
    found.map(({ topic, partition, offset, metadata }) => {
      return [`${topic}/${partition}`, `${offset} ${metadata}`];
    }),
  );
}

async function overrides(kafka: Kafka, name: string): Promise<Record<string, string | null>> {
  const admin = kafka.admin();
  const [found] = await admin.describeConfigs([{ type: 'topic', name }]);
  await admin.close();
  const own = (found?.entries ?? []).filter((each) => each.source === 'topic');
  return Object.fromEntries(own.map((each) => [each.name, each.value]));
}

describe('a migration', () => {
  test('copies topics, settings, records and offsets, and leaves nothing to do', async () => {
    await create('a', 3, { 'retention.ms': '777777777', 'cleanup.policy': 'compact' });
    await create('b', 1);
    for (const partition of [0, 1]) await fill('a', partition, 0, 500);
    await fill('b', 0, 0, 20);
    await commit('g', { 'a/0': 123, 'a/1': 500, 'b/0': 0 });
    const report = await run();
    expect(report.topics.map(({ name, records }) => [name, records])).toEqual([
      ['a', 1000],
      ['b', 20],
    ]);
    expect(report.groups).toEqual([{ group: 'g', offsets: 3, failure: undefined }]);
    for (const topic of ['a', 'b']) {
      expect(await contentOf(to, topic)).toEqual(await contentOf(from, topic));
      expect(await overrides(to, topic)).toEqual(await overrides(from, topic));
    }
    expect(await committed('g')).toEqual({
      'a/0': '123 noted',
      'a/1': '500 noted',
      'b/0': '0 noted',
    });
    const again = await run();
    expect(again.topics.map(({ records, recordsInAll }) => [records, recordsInAll])).toEqual([
      [0, 1000],
      [0, 20],
    ]);
  });

  test('catches up with what came later, and with new partitions', async () => {
    await create('a', 1);
    await fill('a', 0, 0, 100);
    await commit('g', { 'a/0': 40 });
    await run();
    await fill('a', 0, 100, 50);
    const admin = from.admin();
    await admin.createPartitions([{ topic: 'a', count: 2 }]);
    await admin.close();
    await fill('a', 1, 0, 7);
    await commit('g', { 'a/0': 149, 'a/1': 3 });
    // A client that has known the topic for long learns of new partitions later.
    await from.close();
    await to.close();
    from = source.kafka({ logger: silentLogger });
    to = target.kafka({ logger: silentLogger });
    const report = await run();
    expect(report.topics[0]).toEqual({ name: 'a', partitions: 2, records: 57, recordsInAll: 157 });
    expect(await contentOf(to, 'a')).toEqual(await contentOf(from, 'a'));
    expect(await committed('g')).toEqual({ 'a/0': '149 noted', 'a/1': '3 noted' });
  });

  test('translates offsets where records are missing in the source', async () => {
    await create('a', 1);
    await fill('a', 0, 0, 30);
    const producer = from.producer({ transactionalId: 'tx' });
    for (const value of ['committed', 'aborted']) {
      const attempt = producer.transaction(async (tx) => {
        await tx.send({ topic: 'a', partition: 0, value });
        if (value === 'aborted') throw new Error('on purpose');
      });
      await attempt.catch(() => undefined);
    }
    await producer.close();
    await fill('a', 0, 30, 10);
    const admin = from.admin();
    await admin.deleteRecords([{ topic: 'a', partition: 0, offset: 5 }]);
    await admin.close();
    // 5..29 data, 30 committed, 31 marker, 32 aborted, 33 marker, 34..43 data.
    await commit('before', { 'a/0': 2 });
    await commit('inside', { 'a/0': 20 });
    await commit('marker', { 'a/0': 31 });
    await commit('behind', { 'a/0': 36 });
    await commit('end', { 'a/0': 44 });
    await run();
    const places = ['before', 'inside', 'marker', 'behind', 'end'].map(async (group) => {
      return (await committed(group))['a/0'];
    });
    expect(await Promise.all(places)).toEqual(
      [0, 15, 26, 28, 36].map((offset) => `${offset} noted`),
    );
    const content = (await contentOf(to, 'a')).join('\n');
    expect(content).toContain('"committed"');
    expect(content).not.toContain('"aborted"');
  });

  test('goes on where it was stopped, without writing anything twice', async () => {
    await create('a', 2);
    for (const partition of [0, 1]) await fill('a', partition, 0, 3000, 4000);
    const stop = new AbortController();
    const first = await run({
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > 500) stop.abort();
      },
    });
    expect([first.interrupted, first.groups]).toEqual([true, []]);
    // A crash may forget the last lines, and leave half of one.
    const state = disk.readFile('/state').toString().split('\n');
    const lost = `${state.slice(0, 3).join('\n')}\n{"topic":"a","par`;
    disk.replaceFile('/state', Buffer.from(lost));
    const second = await run();
    expect(second.interrupted).toBe(false);
    expect(second.topics[0]?.recordsInAll).toBe(6000);
    expect(await contentOf(to, 'a')).toEqual(await contentOf(from, 'a'));
  });

  test('notices a copy that is not the same', async () => {
    await create('a', 1);
    await fill('a', 0, 0, 10);
    await run({ verify: false });
    const damaged = disk
      .readFile('/state')
      .toString()
      .replace(/"checksum":[1-9]\d*/g, '"checksum":1');
    disk.replaceFile('/state', Buffer.from(damaged));
    expect(await failure(run())).toMatch(/The copy differs from the source.*topic a, partition 0/);
  });

  test('does not mix with what is there already', async () => {
    await create('a', 1);
    await fill('a', 0, 0, 10);
    const producer = to.producer();
    await producer.send({ topic: 'a', value: 'mine' });
    await producer.close();
    expect(await failure(run())).toMatch(/records of its own in a/);
    expect(await failure(run({ to: from }))).toMatch(/the same cluster/);
    expect(await failure(run({ topics: ['missing'] }))).toMatch(/no topic missing/);
    disk.replaceFile('/other', Buffer.from('{"kafkitMigration":1,"from":"x","to":"y"}\n'));
    expect(await failure(run({ statePath: '/other' }))).toMatch(
      /remembers a migration from x to y/,
    );
    disk.replaceFile('/text', Buffer.from('hello\n'));
    expect(await failure(run({ statePath: '/text' }))).toMatch(/no memory of a migration/);
  });

  test('says which groups could not be moved', async () => {
    await create('a', 1);
    await fill('a', 0, 0, 10);
    await commit('busy', { 'a/0': 4 });
    await commit('left', { 'a/0': 5 });
    await run({ groups: [] });
    const member = to.consumer({ groupId: 'busy', topics: ['a'] });
    await member.start();
    const report = await run({ groups: /^busy/ });
    expect(report.groups.map(({ group }) => group)).toEqual(['busy']);
    expect(report.groups[0]?.failure).toMatch(/\w/);
    await member.close();
    expect(await committed('left')).toEqual({});
  });
});
