import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { RecordBatch } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

const system = memorySystem();
const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
let broker: Broker;
let client: RawClient;
let names = 0;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

async function newTopic(configs: Record<string, string> = {}, partitions = 1): Promise<string> {
  const name = `topic-${names++}`;
  await broker.topics.create(name, partitions, configs);
  return name;
}

async function produce(
  topic: string,
  records: Uint8Array | null,
  options: Parameters<typeof produceOf>[2] & { version?: number } = {},
) {
  const { version = 9, ...rest } = options;
  const { responses } = await client.send('Produce', version, produceOf(topic, records, rest));
  return only(only(responses).partitionResponses);
}

async function fetched(topic: string, offset: number, options: Parameters<typeof fetchOf>[2] = {}) {
  const { responses } = await client.send('Fetch', 12, fetchOf(topic, offset, options));
  return only(only(responses).partitions);
}

/** Changes bytes of a batch and makes its checksum fit again. */
async function changed(records: Buffer, change: (bytes: Buffer) => void): Promise<Buffer> {
  const { crc32c } = await import('../../src/bytes/index.js');
  const bytes = Buffer.from(records);
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

describe('Produce refuses', () => {
  test('unknown topics and partitions with 3, unknown ids with 100, and creates nothing', async () => {
    const topic = await newTopic();
    expect((await produce('no-such-topic', batch(['x']))).errorCode).toBe(3);
    expect(broker.topics.byName('no-such-topic')).toBeUndefined();
    expect((await produce(topic, batch(['x']), { index: 1 })).errorCode).toBe(3);
    const byId = { version: 13, topicId: unknownId };
    expect((await produce('', batch(['x']), byId)).errorCode).toBe(100);
    expect((await produce('', batch(['x']), { version: 13 })).errorCode).toBe(100);
  });

  test('internal topics with 17', async () => {
    await client.send('FindCoordinator', 4, { keyType: 0, coordinatorKeys: ['g'] });
    expect((await produce('__consumer_offsets', batch(['x']))).errorCode).toBe(17);
  });

  for (const acks of [2, -2]) {
    test(`acks ${acks} with 21`, async () => {
      expect((await produce(await newTopic(), batch(['x']), { acks })).errorCode).toBe(21);
    });
  }

  const damage: [string, () => Buffer | null, number, string | null][] = [
    ['a bad checksum', () => flipped(batch(['x'])), 2, null],
    ['two batches', () => Buffer.concat([batch(['a']), batch(['b'])]), 87, null],
    ['empty records', () => Buffer.alloc(0), 87, null],
    ['records null', () => null, 87, null],
    ['a batch cut short', () => batch(['x']).subarray(0, 60), 87, null],
    ['ten bytes of garbage', () => Buffer.from('0123456789'), 87, null],
    ['a control batch', () => batch(['x'], { isControl: true }), 87, null],
  ];
  for (const [what, make, code, message] of damage) {
    test(`${what} with ${code}`, async () => {
      const answer = await produce(await newTopic(), make());
      expect([answer.errorCode, answer.errorMessage]).toEqual([code, message]);
    });
  }

  test('magic 3 with 2 and its reason', async () => {
    const records = batch(['x']);
    records[16] = 3;
    expect(await produce(await newTopic(), records)).toMatchObject({
      errorCode: 2,
      errorMessage: 'Invalid magic found in record: 3',
    });
  });

  const headers: [string, (bytes: Buffer) => void][] = [
    ['count 0', (bytes) => void bytes.writeInt32BE(0, 57)],
    ['count -1', (bytes) => void bytes.writeInt32BE(-1, 57)],
    ['a last offset delta that is not count - 1', (bytes) => void bytes.writeInt32BE(5, 23)],
    [
      'fewer records than the count',
      (bytes) => {
        bytes.writeInt32BE(3, 57);
        bytes.writeInt32BE(2, 23);
      },
    ],
    ['a base offset that is not 0', (bytes) => void bytes.writeBigInt64BE(7n, 0)],
    ['a producer id without sequence', (bytes) => void bytes.writeBigInt64BE(5n, 43)],
  ];
  for (const [what, change] of headers) {
    test(`${what} with 87`, async () => {
      const records = await changed(batch(['a', 'b']), change);
      expect((await produce(await newTopic(), records)).errorCode).toBe(87);
    });
  }

  test('a timestamp two hours ahead with 32, naming the record', async () => {
    const answer = await produce(await newTopic(), batch(['x'], { timestamp: Date.now() + 7.2e6 }));
    expect(answer.errorCode).toBe(32);
    expect(answer.errorMessage).toBe(
      'One or more records have been rejected due to invalid timestamp',
    );
    expect(only(answer.recordErrors)).toMatchObject({ batchIndex: 0 });
    expect(only(answer.recordErrors).batchIndexErrorMessage).toContain('is out of range');
  });

  test('records without key on a compacted topic with 87, one entry each', async () => {
    const topic = await newTopic({ 'cleanup.policy': 'compact' });
    const answer = await produce(topic, batch(['a', 'b'], { key: null }));
    expect(answer.errorCode).toBe(87);
    expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1]);
    expect(only(answer.recordErrors.slice(0, 1)).batchIndexErrorMessage).toBe(
      `Compacted topic cannot accept message without key in topic partition ${topic}-0`,
    );
    expect((await fetched(topic, 0)).highWatermark).toBe(0);
  });

  test('a batch one byte larger than max.message.bytes with 10', async () => {
    const topic = await newTopic();
    // The length of the value, of the record and of the batch grow alike at this size.
    const roughly = batch(['x'.repeat(1_048_000)]);
    const fitting = 1_048_000 + 1_048_588 - roughly.length;
    expect(batch(['x'.repeat(fitting)]).length).toBe(1_048_588);
    expect((await produce(topic, batch(['x'.repeat(fitting)]))).errorCode).toBe(0);
    expect((await produce(topic, batch(['x'.repeat(fitting + 1)]))).errorCode).toBe(10);
  });

  test('zstd before version 7 with 76, and takes it from there on', async () => {
    const { loadCodec } = await import('../../src/records/index.js');
    await loadCodec('zstd');
    const topic = await newTopic();
    const records = () => batch(['x'], { compression: 'zstd' });
    expect((await produce(topic, records(), { version: 6 })).errorCode).toBe(76);
    expect((await produce(topic, records(), { version: 7 })).errorCode).toBe(0);
  });

  test('a transactional batch without a transactional id with 53', async () => {
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    expect((await produce(await newTopic(), batch(['x'], { producer }))).errorCode).toBe(53);
  });

  test('one partition while the others of the request succeed', async () => {
    const topic = await newTopic({}, 2);
    const partitionData = [
      { index: 0, records: flipped(batch(['bad'])) },
      { index: 1, records: batch(['good']) },
    ];
    const topicData = [{ name: topic, partitionData }];
    const { responses } = await client.send('Produce', 9, { acks: -1, timeoutMs: 1000, topicData });
    const codes = only(responses).partitionResponses.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([2, 0]);
  });
});

function flipped(records: Buffer): Buffer {
  records[records.length - 1] = (records[records.length - 1] ?? 0) ^ 0xff;
  return records;
}

describe('Produce accepts', () => {
  test('min.insync.replicas 2 on the one replica there is', async () => {
    expect(
      (await produce(await newTopic({ 'min.insync.replicas': '2' }), batch(['x']))).errorCode,
    ).toBe(0);
  });

  test('no topics: an empty answer', async () => {
    const answer = await client.send('Produce', 9, { acks: -1, timeoutMs: 1000, topicData: [] });
    expect(answer.responses).toEqual([]);
  });

  test('any leader epoch in the batch, and writes its own', async () => {
    const topic = await newTopic();
    await produce(topic, batch(['x'], { partitionLeaderEpoch: 99 }));
    const { records } = await fetched(topic, 0);
    expect(new RecordBatch(records as Buffer).partitionLeaderEpoch).toBe(0);
  });

  test('a wrong maxTimestamp, and writes the right one', async () => {
    const topic = await newTopic();
    const timestamp = Date.now();
    const wrong = batch(['x'], { timestamp });
    await produce(topic, await changed(wrong, (bytes) => void bytes.writeBigInt64BE(0n, 35)));
    const stored = new RecordBatch((await fetched(topic, 0)).records as Buffer);
    expect([stored.maxTimestamp, stored.isValid()]).toEqual([timestamp, true]);
  });

  test('LogAppendTime: the answer and the batch carry the time of the append', async () => {
    const topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' });
    const answer = await produce(topic, batch(['x'], { timestamp: 5 }));
    expect(answer.logAppendTimeMs).toBeGreaterThan(1e12);
    const stored = new RecordBatch((await fetched(topic, 0)).records as Buffer);
    expect(stored.timestampType).toBe('LogAppendTime');
    expect(stored.maxTimestamp).toBe(answer.logAppendTimeMs);
  });

  test('a plain batch on a topic with compression.type=gzip, stored as gzip', async () => {
    const topic = await newTopic({ 'compression.type': 'gzip' });
    expect((await produce(topic, batch(['x'.repeat(500)]))).errorCode).toBe(0);
    expect(new RecordBatch((await fetched(topic, 0)).records as Buffer).compression).toBe('gzip');
  });
});

describe('an idempotent producer', () => {
  const at = (baseSequence: number, producerEpoch = 0, count = 1) =>
    batch(
      Array.from({ length: count }, () => 'x'),
      {
        producer: { producerId: 900, producerEpoch, baseSequence },
      },
    );
  const codes = async (topic: string, batches: readonly Buffer[]) => {
    const seen: [number, number][] = [];
    for (const records of batches) {
      const { errorCode, baseOffset } = await produce(topic, records);
      seen.push([errorCode, baseOffset]);
    }
    return seen;
  };

  test('gets the first offset again for each of its last five batches, 45 for an older one', async () => {
    const topic = await newTopic();
    await codes(
      topic,
      [0, 1, 2, 3, 4, 5].map((sequence) => at(sequence)),
    );
    expect(
      await codes(
        topic,
        [1, 2, 3, 4, 5].map((sequence) => at(sequence)),
      ),
    ).toEqual([1, 2, 3, 4, 5].map((offset) => [0, offset]));
    expect((await codes(topic, [at(0)]))[0]?.[0]).toBe(45);
    expect((await fetched(topic, 0)).highWatermark).toBe(6);
  });

  test('starts anywhere; a gap, an overlap and a new epoch not at 0 are 45', async () => {
    const topic = await newTopic();
    const seen = await codes(topic, [at(7), at(9), at(7, 0, 2), at(3, 1), at(0, 1), at(8)]);
    expect(seen.map(([code]) => code)).toEqual([0, 45, 45, 45, 0, 47]);
  });

  test('wraps from 2^31-1 to 0', async () => {
    const topic = await newTopic();
    const seen = await codes(topic, [at(0x7fffffff), at(0), at(1)]);
    expect(seen.map(([code]) => code)).toEqual([0, 0, 0]);
  });

  test('gets ids one after the other; an empty transactional id is refused', async () => {
    const ask = (transactionalId: string | null) =>
      client.send('InitProducerId', 4, { transactionalId, transactionTimeoutMs: 1000 });
    const first = await ask(null);
    expect(first).toMatchObject({ errorCode: 0, producerEpoch: 0 });
    expect((await ask(null)).producerId).toBe(first.producerId + 1);
    expect((await ask('')).errorCode).toBe(42);
  });
});

describe('message sets of old producers and consumers', () => {
  test('a set of magic 0 becomes a batch, and an old consumer reads it back', async () => {
    const topic = await newTopic();
    const { writeMessageSet } = await import('../../src/records/index.js');
    for (const [version, magic] of [
      [0, 0],
      [2, 1],
    ] as const) {
      const record = { offset: 0, timestamp: 1, key: null, value: Buffer.from(`m${magic}`) };
      const set = writeMessageSet([record], { magic });
      expect((await produce(topic, set, { version })).errorCode).toBe(0);
    }
    const { responses } = await client.send('Fetch', 0, fetchOf(topic, 0));
    const old = only(only(responses).partitions).records as Buffer;
    expect(old[16]).toBe(0);
    expect(old.toString('latin1')).toMatch(/m0.*m1/s);
    const newer = await client.send('Fetch', 3, fetchOf(topic, 1));
    expect((only(only(newer.responses).partitions).records as Buffer)[16]).toBe(1);
  });

  test('compressed batches are converted too', async () => {
    const topic = await newTopic();
    await produce(topic, batch(['x'.repeat(300)], { compression: 'gzip' }));
    const { responses } = await client.send('Fetch', 2, fetchOf(topic, 0));
    expect(only(only(responses).partitions).records?.length).toBeGreaterThan(20);
  });
});
