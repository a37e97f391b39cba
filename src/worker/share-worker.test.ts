import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import { worker, type WorkerOptions } from './index.js';

const open: TestBroker[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close();
});

/** A broker whose topic `jobs` has one partition, and the numbers from 0 in it. */
async function brokerWith(count: number, config: Record<string, string> = {}) {
  const broker = await startBroker({
    topics: { jobs: { partitions: 1 } },
    config: {
      'group.initial.rebalance.delay.ms': '0',
      'group.share.assignment.interval.ms': '0',
      ...config,
    },
    logger: silentLogger,
  });
  open.push(broker);
  const producer = broker.kafka().producer();
  const values = Array.from({ length: count }, (_, at) => ({ topic: 'jobs', value: String(at) }));
  if (count > 0) await producer.send(values);
  await producer.close();
  return broker;
}

const base = { topics: ['jobs'], groupId: 'g', orderBy: 'none', logger: silentLogger } as const;

async function asked<T>(
  broker: TestBroker,
  ask: (admin: ReturnType<ReturnType<TestBroker['kafka']>['admin']>) => Promise<T>,
): Promise<T> {
  const admin = broker.kafka().admin();
  try {
    return await ask(admin);
  } finally {
    await admin.close();
  }
}

const typeOf = async (broker: TestBroker) =>
  (await asked(broker, (admin) => admin.describeGroups(['g'])))[0]?.type;

/** Records that the share group is not done with. */
const left = async (broker: TestBroker) => {
  const offsets = await asked(broker, (admin) => admin.describeShareGroupOffsets('g'));
  return offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
};

/** The dead letters of the worker, once there are so many: values and reasons. */
async function letters(broker: TestBroker, count: number): Promise<string[]> {
  const consumer = broker.kafka().consumer({ topics: ['g.dlq'], fromBeginning: true });
  const found: string[] = [];
  for await (const { value, headers } of consumer) {
    found.push(`${String(value)} ${String(headers.get('__connect.errors.exception.message'))}`);
    if (found.length === count) break;
  }
  await consumer.close();
  return found;
}

function signalAfter(count: number) {
  const stop = new AbortController();
  let seen = 0;
  return {
    signal: stop.signal,
    one() {
      if (++seen === count) stop.abort();
    },
  };
}

describe('a worker without order', () => {
  test('shares a topic that was there before it, and accepts what it has handled', async () => {
    const broker = await brokerWith(200);
    const stop = signalAfter(200);
    const seen: number[] = [];
    const made = worker(broker.kafka(), { ...base, concurrency: 7 }, ({ value }) => {
      seen.push(Number(value));
      stop.one();
    });
    const status = await made.run({ signal: stop.signal });
    expect(status).toMatchObject({ handled: 200, failed: 0, running: 0 });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at));
    expect(await typeOf(broker)).toBe('share');
    expect(await left(broker)).toBe(0);
  });

  test('works beside another on one partition, with no more than it has hands for', async () => {
    const broker = await brokerWith(0);
    const stop = new AbortController();
    const hands = [0, 0];
    let release = () => undefined as void;
    const gate = new Promise<void>((go) => {
      release = go;
    });
    let isFull = () => undefined as void;
    const full = new Promise<void>((go) => {
      isFull = go;
    });
    const runs = hands.map((_, at) =>
      worker(broker.kafka(), { ...base, concurrency: 3 }, async () => {
        hands[at] = (hands[at] ?? 0) + 1;
        expect(hands[at]).toBeLessThanOrEqual(3);
        if (hands.join() === '3,3') isFull();
        await gate;
      }).run({ signal: stop.signal }),
    );
    const producer = broker.kafka().producer();
    for (let at = 0; at < 6; at++) await producer.send({ topic: 'jobs', value: String(at) });
    await producer.close();
    await full;
    release();
    stop.abort();
    const handled = (await Promise.all(runs)).map((status) => status.handled);
    expect(handled).toEqual([3, 3]);
    expect(await left(broker)).toBe(0);
  });

  test('sends on what fails: to retry topics, and rejected to the dead letters', async () => {
    const broker = await brokerWith(10);
    const stop = new AbortController();
    const attempts: number[] = [];
    const running = worker(broker.kafka(), { ...base, retries: ['1ms'] }, (record, { attempt }) => {
      if (String(record.value) === '4') attempts.push(attempt);
      if (String(record.value) === '4' && attempt === 1) throw new Error('not yet');
      if (String(record.value) === '5') throw new Error('never');
    }).run({ signal: stop.signal });
    expect(await letters(broker, 1)).toEqual(['5 never']);
    stop.abort();
    const status = await running;
    expect(status).toMatchObject({ handled: 9, failed: 3, retried: 2, deadLettered: 1 });
    expect(attempts).toEqual([1, 2]);
    expect(await left(broker)).toBe(0);
  });

  test('sets aside what the broker would drop soon, without trying it once more', async () => {
    const broker = await brokerWith(3);
    const set = { 'share.auto.offset.reset': 'earliest', 'share.delivery.count.limit': 4 };
    await asked(broker, (admin) => admin.alterConfigs([{ type: 'group', name: 'g', set }]));
    // Two who have it end without a word: the third delivery of four is the last but one.
    for (let times = 0; times < 2; times++) {
      const consumer = broker.kafka().shareConsumer({
        ...{ groupId: 'g', topics: ['jobs'], acknowledgementMode: 'explicit' },
        maxPollRecords: 1,
      });
      for await (const record of consumer) {
        expect(record).toMatchObject({ offset: 0, deliveryCount: times + 1 });
        consumer.release(record);
        break;
      }
      await consumer.close();
    }
    const stop = new AbortController();
    const seen: string[] = [];
    const running = worker(broker.kafka(), { ...base, retries: ['1ms'] }, ({ value }) => {
      seen.push(String(value));
    }).run({ signal: stop.signal });
    const [letter] = await letters(broker, 1);
    expect(letter).toMatch(/^0 The record was given out 3 times, and whoever had it ended/);
    stop.abort();
    expect(await running).toMatchObject({ failed: 0, retried: 0, deadLettered: 1 });
    expect(seen).not.toContain('0');
    expect(await left(broker)).toBe(2 - seen.length);
  });

  test('gives back what it has not handled when its time is over', async () => {
    const broker = await brokerWith(1);
    const stop = new AbortController();
    const options = { ...base, drainTimeoutMs: 20 };
    await worker(broker.kafka(), options, () => {
      stop.abort();
      return new Promise(() => undefined);
    }).run({ signal: stop.signal });
    const again = signalAfter(1);
    const status = await worker(broker.kafka(), options, () => again.one()).run(again);
    expect(status).toMatchObject({ handled: 1 });
    expect(await left(broker)).toBe(0);
  });

  test('keeps the lock of what it works on', async () => {
    const config = {
      'group.share.min.record.lock.duration.ms': '2000',
      'group.share.record.lock.duration.ms': '2000',
    };
    const broker = await brokerWith(1, config);
    const stop = new AbortController();
    let begun = 0;
    const runs = [1, 2].map(() =>
      worker(broker.kafka(), base, async () => {
        begun++;
        // Longer than two locks: whoever else is there would be given it in the meantime.
        await new Promise((done) => setTimeout(done, 4500));
        stop.abort();
      }).run({ signal: stop.signal }),
    );
    await Promise.all(runs);
    expect(begun).toBe(1);
    expect(await left(broker)).toBe(0);
  });
});

describe('the type of a group', () => {
  const done = (options: Partial<WorkerOptions>) => async (broker: TestBroker) => {
    const stop = signalAfter(1);
    const all = { ...base, ...options };
    return await worker(broker.kafka(), all, () => stop.one()).run({ signal: stop.signal });
  };

  test('stays what it is', async () => {
    const broker = await brokerWith(1);
    await done({ groupType: 'consumer' })(broker);
    expect(await typeOf(broker)).not.toBe('share');
    const producer = broker.kafka().producer();
    await producer.send({ topic: 'jobs', value: 'one more' });
    await producer.close();
    expect(await done({})(broker)).toMatchObject({ handled: 1 });
    expect(await typeOf(broker)).not.toBe('share');
    await expect(done({ groupType: 'share' })(broker)).rejects.toThrow(/is a \w+ group already/);
  });

  test('is a consumer group where a share group cannot do what is asked', async () => {
    for (const options of [
      { deadLetter: false },
      { offsetReset: 'earliest', consumer: { fetchMaxWaitMs: 100 } },
      { orderBy: 'key' },
    ] as const) {
      const broker = await brokerWith(1);
      await done(options)(broker);
      expect(await typeOf(broker)).not.toBe('share');
      const forced = done({ ...options, groupType: 'share' });
      await expect(forced(broker)).rejects.toThrow(/The worker cannot be in a share group: /);
    }
  });

  test('is a consumer group where the cluster has no share groups', async () => {
    const broker = await startBroker({
      ...{ topics: { jobs: {} }, compat: '4.0', logger: silentLogger },
      config: { 'group.initial.rebalance.delay.ms': '0' },
    });
    open.push(broker);
    const producer = broker.kafka().producer();
    await producer.send({ topic: 'jobs', value: 'one' });
    await producer.close();
    const forced = done({ groupType: 'share' });
    await expect(forced(broker)).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' });
    expect(await done({})(broker)).toMatchObject({ handled: 1 });
    expect(await typeOf(broker)).not.toBe('share');
  });
});
