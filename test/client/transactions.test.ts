import { beforeAll, describe, expect, test } from 'vitest';
import { Producer, type ProducerOptions } from '../../src/client/producer/index.js';
import { transactionErrorKind } from '../../src/client/producer/index.js';
import { KafkaError } from '../../src/errors/index.js';
import { type ApiName, apis, loadApi, type RequestDecoded } from '../../src/protocol/index.js';
import { batchesIn } from '../../src/records/index.js';
import { type FakeBroker, type Handlers, hangUp } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

const needed = [
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
] as const satisfies readonly ApiName[];

beforeAll(async () => {
  await Promise.all(needed.map((name) => loadApi(name)));
});

/** A transaction coordinator on one broker, as far as one transactional id needs it. */
class FakeCoordinator {
  readonly level: number;
  producerId = 4000;
  epoch = -1;
  /** What it was told, in order. */
  readonly told: string[] = [];
  /** Partitions in the open transaction (version 1). */
  readonly added = new Set<string>();
  readonly offsets: unknown[] = [];
  /** Error codes to answer with before it works, by API. */
  readonly refusals: Partial<Record<ApiName, number[]>> = {};
  /** How long a transaction is still ending after the answer to EndTxn. */
  markersMs = 0;
  #endedAt = -Infinity;
  readonly #fake: FakeCluster;

  constructor(fake: FakeCluster, broker: FakeBroker, level: number) {
    this.level = level;
    this.#fake = fake;
    Object.assign(broker.handlers, this.#handlers());
  }

  #refusal(api: ApiName): number {
    return this.refusals[api]?.shift() ?? 0;
  }

  #handlers(): Handlers {
    return {
      ApiVersions: () => ({
        errorCode: 0,
        apiKeys: Object.values(apis).map(({ key, versions: [minVersion, maxVersion] }) => {
          return { apiKey: key, minVersion, maxVersion };
        }),
        finalizedFeaturesEpoch: 1,
        finalizedFeatures: [
          { name: 'transaction.version', maxVersionLevel: this.level, minVersionLevel: this.level },
        ],
      }),
      InitProducerId: (request) => this.#init(request),
      AddPartitionsToTxn: (request, { version }) => {
        expect(version).toBe(3);
        const errorCode = this.#refusal('AddPartitionsToTxn');
        const { producerEpoch } = { producerEpoch: request.v3AndBelowProducerEpoch };
        const topics = request.v3AndBelowTopics;
        for (const { name, partitions } of topics) {
          this.told.push(`add ${name} ${partitions.join()} epoch ${producerEpoch}`);
          if (errorCode === 0) for (const one of partitions) this.added.add(`${name}-${one}`);
        }
        return {
          resultsByTopicV3AndBelow: topics.map(({ name, partitions }) => ({
            name,
            resultsByPartition: partitions.map((partitionIndex) => {
              return { partitionIndex, partitionErrorCode: errorCode };
            }),
          })),
        };
      },
      AddOffsetsToTxn: ({ groupId }) => {
        this.told.push(`add group ${groupId}`);
        return { errorCode: this.#refusal('AddOffsetsToTxn') };
      },
      TxnOffsetCommit: (request, { version }) => {
        this.told.push(`offsets of ${request.groupId}`);
        expect(version >= 5).toBe(this.level >= 2);
        this.offsets.push(request);
        const errorCode = this.#refusal('TxnOffsetCommit');
        return {
          topics: request.topics.map(({ name, topicId, partitions }) => ({
            name,
            topicId,
            partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
          })),
        };
      },
      EndTxn: (request, { version }) => {
        const { producerEpoch, committed } = request;
        expect(version).toBe(this.level >= 2 ? 5 : 4);
        const errorCode = this.#refusal('EndTxn');
        this.told.push(`${committed ? 'commit' : 'abort'} epoch ${producerEpoch}`);
        if (errorCode !== 0) return { errorCode };
        if (producerEpoch !== this.epoch) return { errorCode: 90 };
        this.added.clear();
        if (this.level < 2) return { errorCode: 0 };
        this.epoch++;
        this.#endedAt = this.#fake.system.clock.monotonic();
        return { errorCode: 0, producerId: this.producerId, producerEpoch: this.epoch };
      },
      Produce: (request, { version }) => {
        if (this.refusals.Produce?.[0] !== -100) return this.#produce(request, version);
        this.refusals.Produce.shift();
        return hangUp;
      },
    };
  }

  /** As Apache Kafka: too early a transaction is looked at again in steps of 20 ms. */
  async #untilMarked(): Promise<void> {
    const { clock } = this.#fake.system;
    while (clock.monotonic() - this.#endedAt < this.markersMs) {
      await new Promise<void>((done) => void clock.after(20, done));
    }
  }

  #init(request: RequestDecoded<'InitProducerId'>) {
    const errorCode = this.#refusal('InitProducerId');
    this.told.push(`init after ${request.producerEpoch}`);
    if (errorCode !== 0) return { errorCode, producerId: -1, producerEpoch: -1 };
    this.epoch++;
    return { errorCode: 0, producerId: this.producerId, producerEpoch: this.epoch };
  }

  async #produce(request: RequestDecoded<'Produce'>, version: number) {
    await this.#untilMarked();
    expect(version >= 12).toBe(this.level >= 2);
    for (const { name, topicId, partitionData } of request.topicData) {
      const topic = [...this.#fake.topics].find(([, { id }]) => id === topicId)?.[0] ?? name;
      for (const { index, records } of partitionData) {
        const [batch] = [...batchesIn(records ?? Buffer.alloc(0))];
        expect(batch?.isTransactional).toBe(true);
        expect(request.transactionalId).toBe('tx');
        this.told.push(`write ${topic} ${index} epoch ${batch?.producerEpoch}`);
        if (this.level < 2) expect(this.added).toContain(`${topic}-${index}`);
        const errorCode = this.#refusal('Produce');
        if (errorCode === 0) continue;
        const partitionResponses = [{ index, errorCode, baseOffset: -1 }];
        return { responses: [{ name: topic, topicId, partitionResponses }] };
      }
    }
    return this.#fake.produce(request, 0);
  }
}

async function setUp(level: number, options: ProducerOptions = {}) {
  const fake = await FakeCluster.start(1);
  fake.topic('t', 2);
  const [broker] = fake.brokers as [FakeBroker];
  const coordinator = new FakeCoordinator(fake, broker, level);
  const cluster = fake.client();
  const producer = new Producer(cluster, { transactionalId: 'tx', ...options });
  const close = async () => {
    await finished(fake.system, producer.close());
    await cluster.close();
  };
  const run = <T>(work: Promise<T>) => finished(fake.system, work);
  return { fake, broker, coordinator, producer, cluster, close, run, told: coordinator.told };
}

const to = (partition: number, value = 'v') => ({ topic: 't', partition, value });

describe('version 2 of transactions', () => {
  test('nothing is added, and every transaction has an epoch of its own', async () => {
    const { producer, run, told, close } = await setUp(2);
    for (let n = 0; n < 2; n++) {
      await run(producer.transaction((tx) => tx.send([to(0), to(1)])));
    }
    expect(told).toEqual([
      'init after -1',
      'write t 0 epoch 0',
      'write t 1 epoch 0',
      'commit epoch 0',
      'write t 0 epoch 1',
      'write t 1 epoch 1',
      'commit epoch 1',
    ]);
    await close();
  });

  test('the first record waits for the markers where too early a one is slow', async () => {
    const { producer, run, coordinator, close, fake } = await setUp(2);
    coordinator.markersMs = 3;
    const { clock } = fake.system;
    const took: number[] = [];
    const offsets = [{ topic: 't', partition: 1, offset: 42 }];
    const work = async () => {
      for (let n = 0; n < 30; n++) {
        const from = clock.monotonic();
        await producer.transaction((tx) => tx.send(to(0)));
        took.push(clock.monotonic() - from);
      }
      // Offsets alone make a transaction, too.
      const from = clock.monotonic();
      await producer.transaction((tx) => tx.sendOffsets({ groupId: 'g', offsets }));
      took.push(clock.monotonic() - from);
    };
    await run(work());
    expect(took[1]).toBeGreaterThanOrEqual(20);
    // Now and then another wait is tried.
    expect(took.slice(-20).filter((ms) => ms < 10).length).toBeGreaterThanOrEqual(18);
    expect(took.at(-1)).toBeGreaterThanOrEqual(3);
    await close();
  });

  test('CONCURRENT_TRANSACTIONS of a Produce is tried again within milliseconds', async () => {
    const { producer, run, coordinator, close, fake } = await setUp(2);
    coordinator.refusals.Produce = [51, 51];
    const from = fake.system.clock.monotonic();
    await run(producer.transaction((tx) => tx.send(to(0))));
    expect(fake.log('t').values).toEqual(['v']);
    expect(fake.system.clock.monotonic() - from).toBeLessThan(50);
    await close();
  });

  test('offsets go to the group coordinator in the name of the member', async () => {
    const { producer, run, told, coordinator, close } = await setUp(2);
    const metadata = { memberId: 'm', generationId: 7, groupInstanceId: null };
    const offsets = [{ topic: 't', partition: 1, offset: 42, metadata: 'note' }];
    await run(producer.transaction((tx) => tx.sendOffsets({ groupId: 'g', offsets, metadata })));
    expect(told).toEqual(['init after -1', 'offsets of g', 'commit epoch 0']);
    expect(coordinator.offsets[0]).toMatchObject({
      memberId: 'm',
      generationIdOrMemberEpoch: 7,
      topics: [{ partitions: [{ partitionIndex: 1, committedOffset: 42 }] }],
    });
    await close();
  });

  test('offsets of known topics go by their ids', async () => {
    const { producer, run, coordinator, close, fake } = await setUp(2);
    const work = producer.transaction(async (tx) => {
      await tx.send(to(0));
      const offsets = [{ topic: 't', partition: 0, offset: 1 }];
      await tx.sendOffsets({ groupId: 'g', offsets });
    });
    await run(work);
    const topicId = fake.topics.get('t')?.id;
    expect(coordinator.offsets[0]).toMatchObject({ topics: [{ name: '', topicId }] });
    await close();
  });

  test('TRANSACTION_ABORTABLE aborts, and the work is tried again when asked', async () => {
    const { producer, run, told, coordinator, close, fake } = await setUp(2);
    coordinator.refusals.Produce = [120];
    const once = producer.transaction((tx) => tx.send(to(0)));
    expect((await run(failure(once))).code).toBe('TRANSACTION_ABORTABLE');
    coordinator.refusals.Produce = [120];
    await run(producer.transaction((tx) => tx.send(to(0, 'kept')), { attempts: 2 }));
    expect(told.filter((line) => /commit|abort/.test(line))).toEqual([
      'abort epoch 0',
      'abort epoch 1',
      'commit epoch 2',
    ]);
    expect(fake.log('t').values).toEqual(['kept']);
    await close();
  });
});

describe('version 1 of transactions', () => {
  test('partitions and groups are added first, once for each transaction', async () => {
    const { producer, run, told, close } = await setUp(1);
    const work = producer.transaction(async (tx) => {
      await tx.send([to(0), to(1)]);
      await tx.send(to(0));
      await tx.sendOffsets({ groupId: 'g', offsets: [{ topic: 't', partition: 0, offset: 1 }] });
    });
    await run(work);
    await run(producer.transaction((tx) => tx.send(to(0))));
    expect(told).toEqual([
      'init after -1',
      'add t 0,1 epoch 0',
      'write t 0 epoch 0',
      'write t 1 epoch 0',
      'write t 0 epoch 0',
      'add group g',
      'offsets of g',
      'commit epoch 0',
      'add t 0 epoch 0',
      'write t 0 epoch 0',
      'commit epoch 0',
    ]);
    await close();
  });

  test('CONCURRENT_TRANSACTIONS and a loading coordinator are waited for', async () => {
    const { producer, run, coordinator, close, fake } = await setUp(1);
    coordinator.refusals.InitProducerId = [51, 14];
    coordinator.refusals.AddPartitionsToTxn = [51, 51, 16];
    coordinator.refusals.EndTxn = [14, 51];
    await run(producer.transaction((tx) => tx.send(to(0))));
    expect(fake.log('t').values).toEqual(['v']);
    await close();
  });

  test('a batch that was given up breaks the sequence: a new epoch after the abort', async () => {
    const { producer, run, coordinator, close, told, fake } = await setUp(1);
    coordinator.refusals.Produce = [87];
    const broken = producer.transaction((tx) => tx.send(to(0)));
    expect((await run(failure(broken))).code).toBe('INVALID_RECORD');
    await run(producer.transaction((tx) => tx.send(to(0, 'next'))));
    expect(told.slice(-4)).toEqual([
      'init after 0',
      'add t 0 epoch 1',
      'write t 0 epoch 1',
      'commit epoch 1',
    ]);
    expect(fake.log('t').values).toEqual(['next']);
    await close();
  });
});

describe.each([1, 2])('transactions of version %i', (level) => {
  test('work that throws is aborted, and its error is passed on', async () => {
    const { producer, run, told, close } = await setUp(level);
    const thrown = new Error('mine');
    const work = producer.transaction(async (tx) => {
      await tx.send(to(0));
      throw thrown;
    });
    expect(await run(work.catch((error: unknown) => error))).toBe(thrown);
    expect(told.at(-1)).toBe('abort epoch 0');
    await close();
  });

  test('a transaction without content says nothing to anyone', async () => {
    const { producer, run, told, close } = await setUp(level);
    await run(producer.transaction(() => undefined));
    await run((await run(producer.beginTransaction())).abort());
    expect(told).toEqual(['init after -1']);
    await close();
  });

  test('a send nobody waits for that fails keeps the transaction from being committed', async () => {
    const { producer, run, told, close } = await setUp(level);
    const work = producer.transaction((tx) => {
      void tx.send(to(0));
      void tx.send(to(99, 'no such partition'));
    });
    // Found out while the commit waits for it.
    expect((await run(failure(work))).code).toBe('METADATA_TIMEOUT');
    expect(told.some((line) => line.startsWith('commit'))).toBe(false);
    await close();
  });

  test('a connection that breaks is gone around, and nothing is written twice', async () => {
    const { producer, run, coordinator, close, fake } = await setUp(level);
    coordinator.refusals.Produce = [-100, 0, -100];
    await run(producer.transaction((tx) => tx.send(to(0, 'a'))));
    await run(producer.transaction((tx) => tx.send(to(0, 'b'))));
    expect(fake.log('t').values).toEqual(['a', 'b']);
    await close();
  });

  test('a fenced producer is told so, now and later, and aborts nothing', async () => {
    const { producer, run, coordinator, close, told } = await setUp(level);
    const open = await run(producer.beginTransaction());
    await run(open.send(to(0)));
    coordinator.epoch++;
    const error = await run(open.commit().catch((reason: unknown) => reason as KafkaError));
    expect(error).toMatchObject({ code: 'PRODUCER_FENCED', retriable: false });
    expect(transactionErrorKind(error)).toBe('fenced');
    const before = told.length;
    const later = producer.transaction(() => undefined, { attempts: 5 });
    expect((await run(failure(later))).code).toBe('PRODUCER_FENCED');
    expect(told.length).toBe(before);
    await close();
  });

  test('a commit of which nobody knows how it ended is not done again', async () => {
    const { producer, run, coordinator, close, told } = await setUp(level, { maxBlockMs: 1000 });
    coordinator.refusals.EndTxn = Array.from({ length: 100 }, () => 14);
    let runs = 0;
    const work = producer.transaction(
      async (tx) => {
        runs++;
        await tx.send(to(0));
      },
      { attempts: 3 },
    );
    expect((await run(failure(work))).message).toContain('not known whether');
    expect(runs).toBe(1);
    coordinator.refusals.EndTxn = [];
    await run(producer.transaction((tx) => tx.send(to(0))));
    // The coordinator was asked where things stand, by the identity held so far.
    expect(told).toContain('init after 0');
    await close();
  });

  test('a member whose generation is over cannot commit its offsets', async () => {
    const { producer, run, coordinator, close, told } = await setUp(level);
    coordinator.refusals.TxnOffsetCommit = [22];
    const offsets = [{ topic: 't', partition: 0, offset: 1 }];
    const work = producer.transaction(async (tx) => {
      await tx.send(to(0));
      await tx.sendOffsets({ groupId: 'g', offsets }).catch(() => undefined);
    });
    expect((await run(failure(work))).code).toBe('ILLEGAL_GENERATION');
    expect(told.at(-1)).toBe('abort epoch 0');
    await close();
  });

  test('transactions of one producer wait for each other', async () => {
    const { producer, run, fake, close } = await setUp(level);
    const order: string[] = [];
    const one = (name: string) =>
      producer.transaction(async (tx) => {
        order.push(`${name} begins`);
        await tx.send(to(0, name));
        order.push(`${name} is written`);
      });
    await run(Promise.all([one('a'), one('b'), one('c')]));
    expect(order.filter((line) => line.endsWith('begins'))).toHaveLength(3);
    expect(order[1]).toBe('a is written');
    expect(fake.log('t').values).toEqual(['a', 'b', 'c']);
    await close();
  });

  test('closing aborts what is open', async () => {
    const { producer, run, told, close } = await setUp(level);
    const open = await run(producer.beginTransaction());
    await run(open.send(to(0)));
    await close();
    expect(told.at(-1)).toBe('abort epoch 0');
    expect((await failure(open.send(to(0)))).code).toBe('INVALID_TXN_STATE');
    expect((await failure(producer.beginTransaction())).code).toBe('CLOSED');
  });
});

test('a transactional producer sends nothing outside a transaction', async () => {
  const { producer, close } = await setUp(2);
  const outside = await failure(producer.send(to(0)));
  expect(outside.code).toBe('INVALID_TXN_STATE');
  expect(outside.message).toContain('producer.transaction(');
  await close();
});

test('a producer without transactionalId has no transactions', async () => {
  const fake = await FakeCluster.start(1);
  const cluster = fake.client();
  const producer = new Producer(cluster);
  expect((await failure(producer.transaction(() => undefined))).code).toBe('INVALID_ARGUMENT');
  expect(() => new Producer(cluster, { transactionalId: 'x', acks: 1 })).toThrow(KafkaError);
  expect(() => new Producer(cluster, { transactionTimeoutMs: 5 })).toThrow('transactionalId');
  await producer.close();
  await cluster.close();
});

test('a transaction within another is told that it waits for itself', async () => {
  const { producer, run, close } = await setUp(2, { maxBlockMs: 500 });
  const outer = producer.transaction(() => producer.transaction(() => undefined));
  expect((await run(failure(outer))).message).toContain('one within another never begins');
  await close();
});
