import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Serde } from '../serde/index.js';
import { json } from '../serde/index.js';
import { silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import { worker } from './index.js';
import { OffsetTracker } from './offset-tracker.js';
import { Scheduler } from './scheduler.js';

const open: TestBroker[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close();
});

async function brokerWith(values: readonly { key: string | null; value: string }[]) {
  const broker = await startBroker({
    topics: { jobs: { partitions: 3 } },
    config: { 'group.initial.rebalance.delay.ms': '0' },
    logger: silentLogger,
  });
  open.push(broker);
  const producer = broker.kafka().producer();
  await producer.send(values.map((each) => ({ topic: 'jobs', ...each })));
  await producer.close();
  return broker;
}

async function dead(broker: TestBroker, topic: string, count: number) {
  const consumer = broker.kafka().consumer({ topics: [topic], fromBeginning: true });
  const letters: string[] = [];
  for await (const { value, headers } of consumer) {
    letters.push(`${String(value)} ${String(headers.get('__connect.errors.exception.message'))}`);
    if (letters.length === count) break;
  }
  await consumer.close();
  return letters;
}

const jobs = Array.from({ length: 300 }, (_, at) => ({ key: `k${at % 10}`, value: String(at) }));
const base = { topics: ['jobs'], groupId: 'g', logger: silentLogger };
const soon = () => new Promise((done) => setImmediate(done));

describe('a worker', () => {
  test('waits for whatever can be waited for, and for nothing where nothing is', async () => {
    const broker = await brokerWith(jobs.slice(0, 30));
    const stop = new AbortController();
    let handled = 0;
    let running = 0;
    const ended = () => {
      if (++handled === 30) stop.abort();
    };
    const made = worker(broker.kafka(), { ...base, concurrency: 3 }, ({ value }) => {
      if (Number(value) % 2 === 0) return ended();
      expect(++running).toBeLessThanOrEqual(3);
      return {
        // A thenable that is no Promise, as query builders are.
        // oxlint-disable-next-line unicorn/no-thenable
        then: (done: () => void) => {
          setImmediate(() => {
            running--;
            ended();
            done();
          });
        },
      };
    });
    const status = await made.run({ signal: stop.signal });
    expect(status).toMatchObject({ handled: 30, failed: 0, running: 0, waiting: 0 });
  });

  test('handles every record, each key in order, many at a time', async () => {
    const broker = await brokerWith(jobs);
    const seen = new Map<string, number[]>();
    const stop = new AbortController();
    let handled = 0;
    let running = 0;
    let most = 0;
    const busy = new Set<string>();
    const made = worker(broker.kafka(), { ...base, concurrency: 7 }, async (record) => {
      const key = String(record.key);
      expect(busy.has(key)).toBe(false);
      busy.add(key);
      most = Math.max(most, ++running);
      for (let turn = 0; turn < Number(record.value) % 4; turn++) await soon();
      seen.set(key, [...(seen.get(key) ?? []), Number(record.value)]);
      busy.delete(key);
      running--;
      if (++handled === jobs.length) stop.abort();
    });
    const status = await made.run({ signal: stop.signal });
    const tags = { 'group-id': 'g' };
    const metric = { name: 'record-handled-total', group: 'worker-metrics', tags, value: 300 };
    expect(made.metrics()).toContainEqual(metric);
    expect(status).toMatchObject({ handled: 300, failed: 0, running: 0, waiting: 0 });
    expect(most).toBe(7);
    for (const list of seen.values()) expect(list).toEqual([...list].sort((a, b) => a - b));
    const admin = broker.kafka().admin();
    const offsets = await admin.fetchOffsets('g');
    expect(offsets.reduce((sum, { offset }) => sum + offset, 0)).toBe(300);
    await admin.close();
  });

  test('repeats what failed from retry topics, and sets aside what fails for good', async () => {
    const broker = await brokerWith(jobs.slice(0, 20));
    const stop = new AbortController();
    const attempts = new Map<string, number[]>();
    const keys = new Set<string>();
    const running = worker(
      broker.kafka(),
      { ...base, retries: ['1ms', '5ms'] },
      async (record, { attempt, idempotencyKey, origin }) => {
        const value = String(record.value);
        attempts.set(value, [...(attempts.get(value) ?? []), attempt]);
        expect(origin.topic).toBe('jobs');
        if (value === '7') keys.add(idempotencyKey);
        if (value === '7' && attempt < 3) throw new Error('not yet');
        if (value === '8') throw new Error('never');
      },
    ).run({ signal: stop.signal });
    expect(await dead(broker, 'g.dlq', 1)).toEqual(['8 never']);
    stop.abort();
    const status = await running;
    expect(status).toMatchObject({ handled: 19, failed: 5, retried: 4, deadLettered: 1 });
    expect(attempts.get('7')).toEqual([1, 2, 3]);
    expect(attempts.get('8')).toEqual([1, 2, 3]);
    expect(keys.size).toBe(1);
  });

  test('sets aside at once what cannot be read, is given up, or takes too long', async () => {
    const values = ['1', 'no JSON', '3', '4'].map((value) => ({ key: null, value }));
    const broker = await brokerWith(values);
    const stop = new AbortController();
    const running = worker(
      broker.kafka(),
      { ...base, retries: [], timeoutMs: 20, valueDeserializer: json() as Serde<number> },
      async ({ value }, context) => {
        if (value === 3) context.giveUp('not for us');
        if (value === 4) await new Promise(() => undefined);
      },
    ).run({ signal: stop.signal });
    const letters = (await dead(broker, 'g.dlq', 3)).sort();
    stop.abort();
    await running;
    expect(letters[0]).toMatch(/^3 not for us/);
    expect(letters[1]).toMatch(/^4 The handler took longer than 20 ms/);
    expect(letters[2]).toMatch(/^no JSON The value .*could not be read/);
  });

  test('ends with the error where there are no dead letters; commits nothing behind', async () => {
    const broker = await brokerWith(jobs.slice(0, 30).map(({ value }) => ({ key: 'k', value })));
    const run = worker(broker.kafka(), { ...base, retries: [], deadLetter: false }, ({ value }) => {
      if (String(value) === '10') throw new Error('boom');
    }).run();
    await expect(run).rejects.toThrow(/A record was not handled: boom/);
    const admin = broker.kafka().admin();
    const offsets = await admin.fetchOffsets('g');
    await admin.close();
    expect(offsets.filter(({ offset }) => offset > 0).map(({ offset }) => offset)).toEqual([10]);
  });
});

describe('the parts of a worker', () => {
  test('what may be committed is the first offset that has not ended', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }), (order) => {
        const tracker = new OffsetTracker('t', 0);
        const tracked = order.map((_, at) => ({ offset: at * 3, isDone: false }));
        for (const each of tracked) tracker.add(each);
        tracker.reached(order.length * 3);
        const left = new Set(tracked);
        for (const pick of order) {
          const [one] = [...left].slice(pick % left.size);
          if (one === undefined) return;
          left.delete(one);
          tracker.done(one);
          const lowest = Math.min(...[...left].map(({ offset }) => offset), order.length * 3);
          expect(tracker.committable()).toBe(lowest);
        }
      }),
    );
  });

  test('jobs that end at once follow each other without a stack of their own', () => {
    const log: number[] = [];
    let isHeld = true;
    let release = () => undefined as void;
    const scheduler = new Scheduler<number>(1, {
      chainOf: () => 'one',
      isWanted: () => true,
      run: (at, turn) => {
        log.push(at);
        if (isHeld) release = () => scheduler.ended(turn);
        else scheduler.ended(turn);
      },
      settled: () => undefined,
    });
    for (let at = 0; at < 50_000; at++) scheduler.add(at);
    expect([scheduler.running, scheduler.waiting]).toEqual([1, 49_999]);
    isHeld = false;
    release();
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
    expect(log).toEqual(Array.from({ length: 50_000 }, (_, at) => at));
  });

  test('a chain runs one job at a time and in order, whatever else there is', async () => {
    const log: string[] = [];
    let running = 0;
    let most = 0;
    await new Promise<void>((done) => {
      const scheduler = new Scheduler<number>(3, {
        chainOf: (at) => (at % 5 === 4 ? undefined : `c${at % 5}`),
        isWanted: (at) => at !== 12,
        run: (at, turn) => {
          most = Math.max(most, ++running);
          void soon().then(() => {
            log.push(`c${at % 5} ${at}`);
            running--;
            scheduler.ended(turn);
          });
        },
        settled: () => {
          if (scheduler.waiting === 0 && scheduler.running === 0) done();
        },
      });
      for (let at = 0; at < 30; at++) scheduler.add(at);
    });
    expect(most).toBe(3);
    expect(log.filter((line) => line.startsWith('c2'))).toEqual([
      'c2 2',
      'c2 7',
      'c2 17',
      'c2 22',
      'c2 27',
    ]);
  });
});
