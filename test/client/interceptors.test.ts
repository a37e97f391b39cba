import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsumerRecord } from '../../src/client/index.js';
import { Producer, type ProducerInterceptor } from '../../src/client/producer/index.js';
import type { KafkaError } from '../../src/errors/index.js';
import { type Logger, silentLogger } from '../../src/system/index.js';
import { startBroker, type TestBroker } from '../../src/testing/index.js';
import type { FakeBroker } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startBroker({ topics: { orders: {}, changed: {}, seen: {} } });
});

afterAll(() => broker.close());

/** Notes what it is shown. */
function noting(notes: string[]): ProducerInterceptor {
  return {
    onAcknowledgement(record: { topic: string; partition: number; offset?: number }, error) {
      const place = `${record.topic}-${record.partition}@${record.offset ?? '?'}`;
      notes.push(error === undefined ? place : `${place} ${error.code}`);
    },
  };
}

describe('interceptors of a producer', () => {
  test('see and change records in their order, before serializers, and hear how each ended', async () => {
    const notes: string[] = [];
    const kafka = broker.kafka();
    const mark = (text: string): ProducerInterceptor => ({
      onSend: (record) => ({ ...record, value: `${record.value as string}${text}` }),
    });
    const producer = kafka.producer({
      interceptors: [mark(' one'), mark(' two'), noting(notes)],
      valueSerializer: (value: string) => Buffer.from(value.toUpperCase()),
    });
    const place = await producer.send({ topic: 'changed', value: 'a' });
    await producer.send([
      { topic: 'changed', value: 'b' },
      { topic: 'changed', value: 'c' },
    ]);
    expect(notes).toEqual(['changed-0@0', 'changed-0@1', 'changed-0@2']);
    expect(place).toMatchObject({ offset: 0, keySize: -1, valueSize: 'A ONE TWO'.length });
    const consumer = kafka.consumer({ topics: ['changed'], fromBeginning: true });
    const values: string[] = [];
    for await (const { value } of consumer) if (values.push(String(value)) === 3) break;
    expect(values).toEqual(['A ONE TWO', 'B ONE TWO', 'C ONE TWO']);
    await kafka.close();
  });

  test('hear of every record that fails, whether it came into a batch or not', async () => {
    const notes: string[] = [];
    const fake = await FakeCluster.start();
    fake.topic('t', 2);
    const [one] = fake.brokers as [FakeBroker];
    one.handlers.Produce = (request) => ({
      responses: request.topicData.map(({ topicId, partitionData }) => ({
        topicId,
        partitionResponses: partitionData.map(({ index }) => ({
          index,
          errorCode: 87,
          baseOffset: -1,
          recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'it has no key' }],
        })),
      })),
    });
    const cluster = fake.client();
    const producer = new Producer(cluster, { interceptors: [noting(notes)] });
    const records = ['a', 'b'].map((value) => ({ topic: 't', partition: 1, value }));
    await failure(producer.send(records));
    expect(notes.splice(0)).toEqual(['t-1@-1 INVALID_RECORD', 't-1@-1 INVALID_RECORD']);
    await failure(producer.send({ topic: 't', value: 7 as never }));
    await failure(producer.send(undefined as never));
    await failure(producer.send({ topic: 't', partition: -9, value: 'x' }));
    const ninth = failure(producer.send({ topic: 't', partition: 9, value: 'x' }));
    await finished(fake.system, ninth);
    const ghost = failure(producer.send({ topic: 'ghost', value: 'x' }));
    await finished(fake.system, ghost);
    expect(notes).toEqual([
      't--1@? SERIALIZATION_FAILED',
      '--1@? INVALID_ARGUMENT',
      't--9@? INVALID_ARGUMENT',
      't-9@? METADATA_TIMEOUT',
      'ghost--1@? METADATA_TIMEOUT',
    ]);
    await producer.close();
    await cluster.close();
  });

  test('that throw are logged, and the record goes its way', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
    const kafka = broker.kafka({ logger });
    const thrower = (): never => {
      throw new Error('no');
    };
    const bad = { onSend: thrower, onAcknowledgement: thrower };
    const producer = kafka.producer({ interceptors: [bad] });
    expect((await producer.send({ topic: 'orders', value: 'x' })).offset).toBe(0);
    expect(warnings).toEqual([
      'an interceptor threw in onSend',
      'an interceptor threw in onAcknowledgement',
    ]);
    await kafka.close();
  });
});

describe('interceptors of a consumer', () => {
  test('see and change records as they are handed out, and hear of commits', async () => {
    const kafka = broker.kafka();
    await kafka.producer().send(['a', 'b'].map((value) => ({ topic: 'seen', value })));
    const seen: number[] = [];
    const commits: unknown[] = [];
    const consumer = kafka.consumer({
      groupId: 'g',
      topics: ['seen'],
      fromBeginning: true,
      valueDeserializer: (data) => String(data),
      interceptors: [
        {
          onConsume(record: ConsumerRecord<unknown, unknown>) {
            seen.push(record.offset);
            Object.assign(record, { value: `${record.value as string}!` });
            return record;
          },
          onCommit: (offsets) => void commits.push(...offsets),
        },
        {
          onConsume: (): never => {
            throw new Error('no');
          },
        },
      ],
      onError: (error: KafkaError) => {
        throw error;
      },
    });
    const values: string[] = [];
    for await (const record of consumer) {
      values.push(record.value);
      if (values.length === 2) {
        await consumer.commit(record);
        break;
      }
    }
    expect(values).toEqual(['a!', 'b!']);
    expect(seen).toEqual([0, 1]);
    expect(commits).toEqual([{ topic: 'seen', partition: 0, offset: 2, leaderEpoch: 0 }]);
    await kafka.close();
  });
});
