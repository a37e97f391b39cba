import { beforeAll, describe, expect, test } from 'vitest';
import { type BatchSource, Producer } from '../../src/client/producer/index.js';
import { KafkaError } from '../../src/errors/index.js';
import { apis, loadApi } from '../../src/protocol/index.js';
import type { FakeBroker } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

beforeAll(async () => {
  await Promise.all([loadApi('TxnOffsetCommit'), loadApi('EndTxn')]);
});

interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
}

/** A consumer of one partition in batches of two; leaving the loop hands out the last again. */
class FakeConsumer implements BatchSource<Batch> {
  readonly autoCommit: boolean = false;
  readonly endOffset: number;
  position = 0;
  committedOffset = 0;
  isMember = true;

  constructor(endOffset: number) {
    this.endOffset = endOffset;
  }

  async *batches(): AsyncGenerator<Batch> {
    while (this.position < this.endOffset) {
      const firstOffset = this.position;
      const nextOffset = firstOffset + 2;
      this.position = nextOffset;
      let isFinished = false;
      try {
        yield await Promise.resolve({ topic: 'in', partition: 0, firstOffset, nextOffset });
        isFinished = true;
      } finally {
        if (!isFinished) this.position = firstOffset;
      }
    }
  }

  offsetsToCommit(what?: Batch) {
    if (!this.isMember) throw new KafkaError('UNKNOWN_MEMBER_ID');
    const offset = what?.nextOffset ?? this.position;
    return { groupId: 'g', offsets: [{ topic: 'in', partition: 0, offset }] };
  }

  committed() {
    return Promise.resolve([{ offset: this.committedOffset }]);
  }

  seek({ offset }: { readonly offset: number }): void {
    this.position = offset;
  }
}

async function setUp(maxBlockMs = 60_000) {
  const fake = await FakeCluster.start(1);
  fake.topic('out');
  const [broker] = fake.brokers as [FakeBroker];
  const consumer = new FakeConsumer(8);
  const state = { epoch: -1, pending: -1, endErrors: [] as number[], offsetErrors: [] as number[] };
  /** Whether an EndTxn that is answered with an error has been carried out all the same. */
  const lostAnswer = { isCommitted: false };
  Object.assign(broker.handlers, {
    ApiVersions: () => ({
      errorCode: 0,
      apiKeys: Object.values(apis).map(({ key, versions: [minVersion, maxVersion] }) => {
        return { apiKey: key, minVersion, maxVersion };
      }),
      finalizedFeaturesEpoch: 1,
      finalizedFeatures: [{ name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 }],
    }),
    InitProducerId: () => ({ errorCode: 0, producerId: 1, producerEpoch: ++state.epoch }),
    TxnOffsetCommit: (request: { topics: { partitions: { committedOffset: number }[] }[] }) => {
      const errorCode = state.offsetErrors.shift() ?? 0;
      state.pending = request.topics[0]?.partitions[0]?.committedOffset ?? -1;
      const partitions = [{ partitionIndex: 0, errorCode }];
      return { topics: [{ name: 'in', partitions }] };
    },
    EndTxn: ({ committed }: { committed: boolean }) => {
      const errorCode = state.endErrors.shift() ?? 0;
      const isDone = errorCode === 0 || lostAnswer.isCommitted;
      if (isDone && committed) consumer.committedOffset = state.pending;
      if (errorCode !== 0) return { errorCode };
      return { errorCode, producerId: 1, producerEpoch: ++state.epoch };
    },
  });
  const cluster = fake.client();
  const producer = new Producer(cluster, { transactionalId: 'tx', maxBlockMs });
  const close = async () => {
    await finished(fake.system, producer.close());
    await cluster.close();
  };
  const handled: number[] = [];
  const loop = (onBatch: (batch: Batch) => void = () => undefined, options = {}) =>
    finished(
      fake.system,
      producer.exactlyOnce(
        consumer,
        (batch) => {
          handled.push(batch.firstOffset);
          onBatch(batch);
          return [{ topic: 'out', value: `${batch.firstOffset}` }];
        },
        options,
      ),
    );
  return { fake, consumer, producer, close, loop, handled, state, lostAnswer };
}

describe('the exactly-once loop', () => {
  test('commits each batch with what became of it, and ends when the consumer does', async () => {
    const { loop, handled, consumer, close } = await setUp();
    await loop();
    expect(handled).toEqual([0, 2, 4, 6]);
    expect(consumer.committedOffset).toBe(8);
    await close();
  });

  test('a batch costs one commit of offsets, however many records it has', async () => {
    const { loop, fake, close } = await setUp();
    await loop();
    expect(fake.brokers[0]?.count('TxnOffsetCommit')).toBe(4);
    await close();
  });

  test('a batch whose generation is over is done again, from the loop', async () => {
    const { loop, handled, consumer, state, close } = await setUp();
    state.offsetErrors = [0, 22, 25];
    await loop();
    expect(handled).toEqual([0, 2, 2, 2, 4, 6]);
    expect(consumer.committedOffset).toBe(8);
    await close();
  });

  test('what keeps failing ends the loop after so many tries in a row', async () => {
    const { loop, handled, consumer, close } = await setUp();
    consumer.isMember = false;
    expect((await failure(loop(undefined, { attempts: 3 }))).code).toBe('UNKNOWN_MEMBER_ID');
    expect(handled).toEqual([0, 0, 0]);
    expect(consumer.position).toBe(0);
    await close();
  });

  test('what the handler throws ends the loop, and the batch comes again in the next', async () => {
    const { loop, handled, consumer, close } = await setUp();
    const thrown = new Error('mine');
    const failing = loop((batch) => {
      if (batch.firstOffset === 4) throw thrown;
    });
    expect(await failing.catch((error: unknown) => error)).toBe(thrown);
    expect(consumer.committedOffset).toBe(4);
    await loop();
    expect(handled).toEqual([0, 2, 4, 4, 6]);
    await close();
  });

  test('a commit without an answer that did happen is not done again', async () => {
    const { loop, handled, consumer, state, lostAnswer, close } = await setUp(300);
    lostAnswer.isCommitted = true;
    await loop((batch) => {
      const isFirst = batch.firstOffset === 2 && handled.length === 2;
      state.endErrors = isFirst ? Array(40).fill(15) : [];
    });
    expect(handled).toEqual([0, 2, 4, 6]);
    expect(consumer.committedOffset).toBe(8);
    await close();
  });

  test('a commit without an answer that did not happen is done again', async () => {
    const { loop, handled, consumer, state, close } = await setUp(300);
    await loop((batch) => {
      const isFirst = batch.firstOffset === 2 && handled.length === 2;
      state.endErrors = isFirst ? Array(40).fill(15) : [];
    });
    expect(handled).toEqual([0, 2, 2, 4, 6]);
    expect(consumer.committedOffset).toBe(8);
    await close();
  });

  test('a consumer that commits by itself is refused', async () => {
    const { producer, close } = await setUp();
    class Automatic extends FakeConsumer {
      override readonly autoCommit = true;
    }
    const refused = producer.exactlyOnce(new Automatic(2), () => undefined);
    expect((await failure(refused)).message).toContain("commit: 'manual'");
    await close();
  });
});
