import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Producer, type ProducerOptions } from '../../src/client/producer/index.js';
import type { RequestDecoded, ResponseInput } from '../../src/protocol/index.js';
import { RecordBatch } from '../../src/records/index.js';
import { json } from '../../src/serde/index.js';
import { type FakeBroker, hangUp, silence } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

type Produce = RequestDecoded<'Produce'>;

async function setUp(options: ProducerOptions = {}, partitions = 1, brokers = 1) {
  const fake = await FakeCluster.start(brokers);
  fake.topic('t', partitions);
  const cluster = fake.client();
  const producer = new Producer(cluster, options);
  const [broker] = fake.brokers as [FakeBroker];
  return { fake, cluster, producer, broker, clock: fake.system.clock };
}

/** Lets through what `decide` leaves undefined, and answers the rest as it says. */
function intercept(
  fake: FakeCluster,
  decide: (
    batch: RecordBatch,
    request: Produce,
  ) => number | typeof hangUp | typeof silence | undefined,
): void {
  for (const [id, broker] of fake.brokers.entries()) {
    broker.handlers.Produce = (request) => {
      const [topic] = request.topicData;
      const [partition] = topic?.partitionData ?? [];
      const batch = new RecordBatch(partition?.records ?? Buffer.alloc(0));
      const decided = decide(batch, request);
      if (decided === hangUp || decided === silence) return decided;
      return decided === undefined ? fake.produce(request, id) : refused(request, decided);
    };
  }
}

function refused(request: Produce, errorCode: number): ResponseInput<'Produce'> {
  return {
    responses: request.topicData.map(({ topicId, partitionData }) => ({
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

describe('batching', () => {
  test('what one turn sends goes in one request', async () => {
    const { fake, producer, broker, cluster } = await setUp();
    const sent = await Promise.all(
      numbers(100).map((value) => producer.send({ topic: 't', value })),
    );
    expect(sent.map(({ offset }) => offset)).toEqual(numbers(100).map(Number));
    expect(broker.count('Produce')).toBe(1);
    expect(fake.log('t').values).toEqual(numbers(100));
    await producer.close();
    await cluster.close();
  });

  test('a lone awaited send never waits for a timer', async () => {
    const { producer, broker, clock, cluster } = await setUp();
    for (const value of numbers(5)) await producer.send({ topic: 't', value });
    expect(broker.count('Produce')).toBe(5);
    expect(clock.monotonic()).toBe(0);
    await producer.close();
    await cluster.close();
  });

  test('while a request is on its way, further records gather for up to 5 ms', async () => {
    const { fake, producer, broker, clock, cluster } = await setUp();
    await producer.send({ topic: 't', value: 'known' });
    broker.requests.length = 0;
    const waiting: (() => void)[] = [];
    broker.handlers.Produce = (request) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(fake.produce(request, 0)));
      });
    const first = producer.send({ topic: 't', value: 'a' });
    await clock.settle();
    const more = [producer.send({ topic: 't', value: 'b' })];
    await clock.advance(2);
    more.push(producer.send({ topic: 't', value: 'c' }));
    await clock.advance(2);
    expect(broker.count('Produce')).toBe(1);
    await clock.advance(2);
    expect(broker.count('Produce')).toBe(2);
    for (const release of waiting) release();
    await finished(fake.system, Promise.all([first, ...more]));
    expect(fake.log('t').values).toEqual(['known', 'a', 'b', 'c']);
    await producer.close();
    await cluster.close();
  });

  test('a linger that was asked for is kept to the letter', async () => {
    const { fake, producer, broker, clock, cluster } = await setUp({ lingerMs: 50 });
    const work = producer.send({ topic: 't', value: 'a' });
    await clock.advance(49);
    expect(broker.count('Produce')).toBe(0);
    const other = producer.send({ topic: 't', value: 'b' });
    await clock.advance(2);
    await Promise.all([work, other]);
    expect(broker.count('Produce')).toBe(1);
    expect(fake.log('t').values).toEqual(['a', 'b']);
    await producer.close();
    await cluster.close();
  });

  test('a full batch goes before its linger is over', async () => {
    const { producer, clock, cluster } = await setUp({ lingerMs: 60_000, batchSize: 1000 });
    const work = producer.send({ topic: 't', value: 'x'.repeat(2000) });
    await clock.settle();
    expect((await work).offset).toBe(0);
    await producer.close();
    await cluster.close();
  });

  test('flush sends at once and waits for exactly what was sent before', async () => {
    const { fake, producer, clock, cluster } = await setUp({ lingerMs: 60_000 });
    const before = producer.send({ topic: 't', value: 'before' });
    await producer.flush();
    expect(fake.log('t').values).toEqual(['before']);
    await before;
    const after = producer.send({ topic: 't', value: 'after' });
    await clock.settle();
    expect(fake.log('t').values).toHaveLength(1);
    await Promise.all([producer.flush(), producer.flush(), after]);
    await producer.flush();
    await producer.close();
    await cluster.close();
  });

  test('flush waits no longer than its signal lets it', async () => {
    const { producer, broker, clock, cluster } = await setUp();
    broker.handlers.Produce = () => silence;
    const work = failure(producer.send({ topic: 't', value: 'a' }));
    const enough = new AbortController();
    const flushed = failure(producer.flush({ signal: enough.signal }));
    await clock.advance(1000);
    enough.abort();
    expect((await flushed).code).toBe('ABORTED');
    await producer.close({ timeoutMs: 0 });
    expect((await work).code).toBe('CLOSED');
    await cluster.close();
  });

  test('the partitions of one broker share a request, and come in turn', async () => {
    const { fake, producer, broker, cluster } = await setUp({}, 6);
    await Promise.all(
      numbers(60).map((value) =>
        producer.send({ topic: 't', partition: Number(value) % 6, value }),
      ),
    );
    expect(broker.count('Produce')).toBe(1);
    for (let p = 0; p < 6; p++) expect(fake.log('t', p).values).toHaveLength(10);
    await producer.close();
    await cluster.close();
  });
});

describe('partitions', () => {
  test('keys go where murmur2 of Java sends them', async () => {
    const { producer, cluster } = await setUp({}, 3);
    const keys = ['a', 'b', 'user-1', 'user-2', 'ä', ''];
    const sent = await producer.send(keys.map((key) => ({ topic: 't', key, value: 'x' })));
    expect(sent.map(({ partition }) => partition)).toEqual([1, 2, 2, 2, 2, 0]);
    await producer.close();
    await cluster.close();
  });

  test('records without a key fill one batch after the other, over all partitions', async () => {
    const { fake, producer, cluster } = await setUp({ batchSize: 1000 }, 4);
    for (let n = 0; n < 200; n++) {
      await producer.send(numbers(10).map((value) => ({ topic: 't', value: value.padEnd(50) })));
    }
    const counts = [0, 1, 2, 3].map((partition) => fake.log('t', partition).values.length);
    expect(counts.reduce((a, b) => a + b)).toBe(2000);
    for (const count of counts) expect(count).toBeGreaterThan(200);
    await producer.close();
    await cluster.close();
  });

  test('a partitioner of the application decides, or leaves it', async () => {
    const seen: unknown[] = [];
    const { producer, cluster } = await setUp(
      {
        partitioner: ({ keyBytes, partitionCount }) => {
          seen.push(partitionCount);
          return keyBytes === null ? undefined : keyBytes[0];
        },
      },
      3,
    );
    const key = Buffer.from([2]);
    expect((await producer.send({ topic: 't', key, value: 'x' })).partition).toBe(2);
    await producer.send({ topic: 't', value: 'x' });
    expect(seen).toEqual([3, 3]);
    const work = producer.send({ topic: 't', key: Buffer.from([9]), value: 'x' });
    expect((await failure(work)).message).toMatch(/chose partition 9 of t, which has 3/);
    for (const partition of [-1, 1.5, NaN]) {
      const wrong = await failure(producer.send({ topic: 't', partition, value: 'x' }));
      expect(wrong.code).toBe('INVALID_ARGUMENT');
      expect(wrong.message).toContain(`asks for partition ${partition} of t, which has 3`);
    }
    await producer.close();
    await cluster.close();
  });
});

describe('retries', () => {
  test('send the same bytes again', async () => {
    const { fake, producer, cluster } = await setUp();
    const tries: string[] = [];
    intercept(fake, (batch) => {
      tries.push(batch.bytes().toString('hex'));
      return tries.length < 4 ? 7 : undefined;
    });
    const work = producer.send({ topic: 't', value: 'once' });
    expect((await finished(fake.system, work)).offset).toBe(0);
    expect(tries).toHaveLength(4);
    expect(new Set(tries).size).toBe(1);
    await producer.close();
    await cluster.close();
  });

  test('a batch that was written although the answer was lost is not written twice', async () => {
    const { fake, producer, broker, cluster } = await setUp();
    let lost = 0;
    broker.handlers.Produce = (request) => {
      const answer = fake.produce(request, 0);
      return lost++ < 2 ? hangUp : answer;
    };
    const sent = await finished(
      fake.system,
      Promise.all(numbers(10).map((value) => producer.send({ topic: 't', value }))),
    );
    expect(sent.map(({ offset }) => offset)).toEqual(numbers(10).map(Number));
    expect(fake.log('t').values).toEqual(numbers(10));
    await producer.close();
    await cluster.close();
  });

  test('five in flight of which the first fails arrive in order, none twice', async () => {
    const { fake, producer, cluster } = await setUp({ batchSize: 1 });
    await producer.send({ topic: 't', value: 'known' });
    let first = true;
    intercept(fake, () => {
      if (!first) return undefined;
      first = false;
      return 19;
    });
    const sends: Promise<unknown>[] = [];
    for (const value of numbers(20)) {
      sends.push(producer.send({ topic: 't', value: value.padEnd(200_000) }));
    }
    await finished(fake.system, Promise.all(sends));
    const values = fake.log('t').values.map((value) => value.trim());
    expect(values).toEqual(['known', ...numbers(20)]);
    await producer.close();
    await cluster.close();
  });

  test('nothing follows the first batch of a partition before it is acknowledged', async () => {
    // A log that does not know the producer takes any sequence: were more batches on their way,
    // those behind a first one that fails would be written before it.
    const { fake, producer, broker, cluster, clock } = await setUp({ batchSize: 1 });
    let tries = 0;
    intercept(fake, () => (++tries === 1 ? 19 : undefined));
    const sends = numbers(20).map((value) => producer.send({ topic: 't', value }));
    await clock.settle();
    expect(broker.count('Produce')).toBe(1);
    const sent = await finished(fake.system, Promise.all(sends));
    expect(sent.map(({ offset }) => offset)).toEqual(numbers(20).map(Number));
    expect(fake.log('t').values).toEqual(numbers(20));
    await producer.close();
    await cluster.close();
  });

  test('the leader moves, and the records follow in order', async () => {
    const { fake, producer, cluster, clock } = await setUp({ batchSize: 1 }, 1, 2);
    const sends = numbers(5).map((value) => producer.send({ topic: 't', value }));
    await clock.settle();
    fake.log('t').leader = 1;
    fake.log('t').epoch = 1;
    sends.push(...numbers(5).map((value) => producer.send({ topic: 't', value: `more ${value}` })));
    await finished(fake.system, Promise.all(sends));
    expect(fake.log('t').values).toEqual([...numbers(5), ...numbers(5).map((n) => `more ${n}`)]);
    await producer.close();
    await cluster.close();
  });

  test('the new leader named in the refusal is asked without waiting (KIP-951)', async () => {
    const { fake, producer, cluster, clock } = await setUp({}, 1, 2);
    await producer.send({ topic: 't', value: 'a' });
    const [old] = fake.brokers as [FakeBroker, FakeBroker];
    fake.log('t').leader = 1;
    fake.log('t').epoch = 3;
    old.handlers.Produce = (request) => ({
      responses: request.topicData.map(({ topicId }) => ({
        topicId,
        partitionResponses: [
          {
            index: 0,
            errorCode: 6,
            baseOffset: -1,
            currentLeader: { leaderId: 1, leaderEpoch: 3 },
          },
        ],
      })),
      nodeEndpoints: [{ nodeId: 1, host: 'broker-1', port: 9092 }],
    });
    expect((await producer.send({ topic: 't', value: 'b' })).offset).toBe(1);
    expect(clock.monotonic()).toBe(0);
    await producer.close();
    await cluster.close();
  });

  test('records given up leave a gap; what follows goes on in a new epoch', async () => {
    const { fake, producer, cluster, clock } = await setUp({
      deliveryTimeoutMs: 1000,
      requestTimeoutMs: 900,
    });
    await producer.send({ topic: 't', value: 'a' });
    intercept(fake, () => 19);
    const lost = failure(producer.send({ topic: 't', value: 'lost' }));
    const { code, message } = await finished(fake.system, lost);
    expect(code).toBe('DELIVERY_TIMEOUT');
    expect(message).toMatch(/within 1000 ms\. It was tried \d+ times, the last time: .*in sync/);
    const epochs: number[] = [];
    intercept(fake, (batch) => {
      epochs.push(batch.producerEpoch);
      return undefined;
    });
    await finished(fake.system, producer.send({ topic: 't', value: 'b' }));
    await finished(fake.system, producer.send({ topic: 't', value: 'c' }));
    expect(fake.log('t').values).toEqual(['a', 'b', 'c']);
    expect(epochs).toEqual([0, 1, 1]);
    await producer.close();
    await clock.advance(10_000);
    await cluster.close();
  });

  test('what cannot succeed is not tried again', async () => {
    const { fake, producer, broker, cluster } = await setUp();
    intercept(fake, () => 29);
    const { code, message } = await failure(producer.send({ topic: 't', value: 'x' }));
    expect(code).toBe('TOPIC_AUTHORIZATION_FAILED');
    expect(message).toMatch(/partition 0, broker broker-0:9092 \(id 0\)/);
    expect(broker.count('Produce')).toBe(1);
    await producer.close();
    await cluster.close();
  });

  test('a record is to blame for its whole batch, and each record learns which (KIP-467)', async () => {
    const { producer, broker, cluster } = await setUp();
    broker.handlers.Produce = (request) => ({
      responses: request.topicData.map(({ topicId }) => ({
        topicId,
        partitionResponses: [
          {
            index: 0,
            errorCode: 87,
            baseOffset: -1,
            recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'it has no key' }],
          },
        ],
      })),
    });
    const sends = ['a', 'b', 'c'].map((value) => failure(producer.send({ topic: 't', value })));
    const [a, b, c] = await Promise.all(sends);
    expect(b?.message).toMatch(/^it has no key/);
    for (const other of [a, c]) expect(other?.message).toMatch(/another record in it is not valid/);
    await producer.close();
    await cluster.close();
  });

  test('a batch too large for the topic is split until it fits', async () => {
    const { fake, producer, cluster } = await setUp({ batchSize: 100_000 });
    intercept(fake, (batch) => (batch.sizeInBytes > 1000 ? 10 : undefined));
    const work = producer.send(numbers(100).map((n) => ({ topic: 't', value: n.padEnd(100) })));
    const sent = await finished(fake.system, work);
    expect(sent.map(({ offset }) => offset)).toEqual(numbers(100).map(Number));
    expect(fake.log('t').values.map((value) => value.trim())).toEqual(numbers(100));
    const large = failure(producer.send({ topic: 't', value: 'x'.repeat(2000) }));
    const { code, message } = await finished(fake.system, large);
    expect(code).toBe('MESSAGE_TOO_LARGE');
    expect(message).toMatch(/raise max.message.bytes/);
    await finished(fake.system, producer.send({ topic: 't', value: 'after' }));
    await producer.close();
    await cluster.close();
  });
});

describe('limits', () => {
  test('a full buffer makes send wait, and gives up with what to do', async () => {
    const options = { bufferMemory: 1000, maxBlockMs: 500, lingerMs: 0 };
    const { fake, producer, broker, clock, cluster } = await setUp(options);
    let release: (() => void) | undefined;
    broker.handlers.Produce = (request) =>
      new Promise((resolve) => {
        release = () => resolve(fake.produce(request, 0));
      });
    const first = producer.send({ topic: 't', value: 'x'.repeat(1500) });
    const second = failure(producer.send({ topic: 't', value: 'y' }));
    await clock.advance(600);
    const { code, message } = await second;
    expect(code).toBe('BUFFER_FULL');
    expect(message).toMatch(/500 ms for buffer memory \(bufferMemory 1000 bytes\)/);
    const third = producer.send({ topic: 't', value: 'z' });
    broker.handlers.Produce = (request) => fake.produce(request, 0);
    release?.();
    await finished(fake.system, Promise.all([first, third]));
    expect(fake.log('t').values.at(-1)).toBe('z');
    await producer.close();
    await cluster.close();
  });

  test('a record above maxRequestSize is refused here', async () => {
    const { producer, broker, cluster } = await setUp({ maxRequestSize: 1000 });
    const { code } = await failure(producer.send({ topic: 't', value: 'x'.repeat(1001) }));
    expect(code).toBe('MESSAGE_TOO_LARGE');
    expect(broker.count('Produce')).toBe(0);
    await producer.close();
    await cluster.close();
  });

  test('one bad record of several fails the call and says how many were not sent', async () => {
    const { fake, producer, cluster } = await setUp();
    const bad = { topic: 't', value: { not: 'bytes' } } as unknown as {
      topic: string;
      value: string;
    };
    const work = producer.send([{ topic: 't', value: 'a' }, bad, { topic: 't', value: 'b' }]);
    const { code, message } = await failure(work);
    expect(code).toBe('SERIALIZATION_FAILED');
    expect(message).toMatch(/1 of 3 records were not sent.*valueSerializer, such as json/);
    expect(fake.log('t').values).toEqual(['a', 'b']);
    await producer.close();
    await cluster.close();
  });

  test('a record without a value is a slip; null is a tombstone', async () => {
    const { producer, cluster } = await setUp();
    const slip = { topic: 't', key: 'k' } as unknown as { topic: string; value: string };
    expect((await failure(producer.send(slip))).message).toMatch(/no value.*tombstone/);
    expect((await producer.send({ topic: 't', key: 'k', value: null })).valueSize).toBe(-1);
    await producer.close();
    await cluster.close();
  });

  test('values go through their serializer', async () => {
    const fake = await FakeCluster.start();
    fake.topic('t');
    const cluster = fake.client();
    const producer = new Producer(cluster, { valueSerializer: json<{ n: number }>() });
    await producer.send({ topic: 't', value: { n: 1 } });
    expect(fake.log('t').values).toEqual(['{"n":1}']);
    await producer.close();
    await cluster.close();
  });

  test('unknown and contradictory options fail at once', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    const make = (options: object) => () => new Producer(cluster, options);
    expect(make({ linger: 5 })).toThrow(/no option 'linger'. Is 'lingerMs' meant/);
    expect(make({ acks: 1, enableIdempotence: true })).toThrow(/needs acks 'all'/);
    expect(make({ acks: 2 })).toThrow(/acks is 2/);
    expect(make({ compression: 'zip' })).toThrow(/'zip'; one of none, gzip/);
    expect(make({ maxInFlightRequestsPerConnection: 6 })).toThrow(/from 1 to 5/);
    // As in Java: a delivery that ends before one try can.
    expect(make({ deliveryTimeoutMs: 30_004 })).toThrow(
      /less than lingerMs 5 and requestTimeoutMs 30000 together\. Lower requestTimeoutMs/,
    );
    expect(make({ deliveryTimeoutMs: 30_010, lingerMs: 11 })).toThrow(/lingerMs 11/);
    expect(make({ deliveryTimeoutMs: 30_005 })).not.toThrow();
    expect(make({ requestTimeoutMs: 500_000 })).not.toThrow();
    await cluster.close();
  });
});

describe('ending', () => {
  test('close sends what waits, then refuses more, and nothing is left running', async () => {
    const { fake, producer, cluster, clock } = await setUp({ lingerMs: 60_000 });
    const work = producer.send({ topic: 't', value: 'last' });
    await producer.close();
    expect((await work).offset).toBe(0);
    expect((await failure(producer.send({ topic: 't', value: 'x' }))).code).toBe('CLOSED');
    await producer.close();
    await cluster.close();
    await clock.settle();
    expect(fake.system.net.sockets).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('close gives up on an unreachable broker when its time is over', async () => {
    const { fake, producer, broker, cluster } = await setUp();
    broker.handlers.Produce = () => silence;
    const work = failure(producer.send({ topic: 't', value: 'x' }));
    await finished(fake.system, producer.close({ timeoutMs: 300 }));
    expect((await work).code).toBe('CLOSED');
    await cluster.close();
    expect(fake.system.clock.pendingTimers).toBe(0);
  });

  test('a caller that gives up while waiting for metadata takes its record along', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    const producer = new Producer(cluster);
    const caller = new AbortController();
    const work = failure(producer.send({ topic: 'new', value: 'x' }, { signal: caller.signal }));
    await fake.system.clock.advance(50);
    caller.abort();
    expect((await work).code).toBe('ABORTED');
    fake.topic('new');
    const other = producer.send({ topic: 'new', value: 'y' });
    await finished(fake.system, other);
    expect(fake.log('new').values).toEqual(['y']);
    await producer.close();
    await cluster.close();
  });

  test('a topic is created by the first send where the cluster allows it', async () => {
    const fake = await FakeCluster.start();
    fake.autoCreate = true;
    const cluster = fake.client();
    const producer = new Producer(cluster);
    const work = Promise.all([
      producer.send({ topic: 'new', value: 'a' }),
      producer.send({ topic: 'new', value: 'b' }),
    ]);
    await finished(fake.system, work);
    expect(fake.log('new').values).toEqual(['a', 'b']);
    await producer.close();
    await cluster.close();
  });
});

test('under any mixture of failures every acknowledged record is there once, in order', async () => {
  // Refusals that pass, lost answers, lost connections; the log is the judge.
  const failures = fc.array(fc.constantFrom('ok', 'ok', 'refuse', 'lose answer', 'cut', 'move'), {
    minLength: 5,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(failures, fc.integer({ min: 1, max: 3 }), async (script, partitions) => {
      const fake = await FakeCluster.start(2);
      fake.topic('t', partitions);
      let step = 0;
      for (const [id, broker] of fake.brokers.entries()) {
        broker.handlers.Produce = (request) => {
          const kind = script[step++] ?? 'ok';
          if (kind === 'refuse') return refused(request, 19);
          if (kind === 'cut') return hangUp;
          if (kind === 'move') {
            const log = fake.log('t');
            log.leader = 1 - log.leader;
            log.epoch++;
          }
          const answer = fake.produce(request, id);
          return kind === 'lose answer' ? hangUp : answer;
        };
      }
      const cluster = fake.client();
      const producer = new Producer(cluster, { batchSize: 200 });
      const sends = numbers(60).map((value) => {
        const partition = Number(value) % partitions;
        return producer.send({ topic: 't', partition, value: value.padEnd(9_000) });
      });
      const places = await finished(fake.system, Promise.all(sends));
      for (let partition = 0; partition < partitions; partition++) {
        const wanted = numbers(60).filter((value) => Number(value) % partitions === partition);
        expect(fake.log('t', partition).values.map((value) => value.trim())).toEqual(wanted);
      }
      for (const [n, { partition, offset }] of places.entries()) {
        expect(fake.log('t', partition).values[offset]?.trim()).toBe(`${n}`);
      }
      await producer.close();
      await cluster.close();
    }),
    { numRuns: 40, seed: 20_251 },
  );
});
