import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KafkaError } from '../../errors/index.js';
import { json, string } from '../../serde/index.js';
import { startBroker, type TestBroker } from '../../testing/index.js';
import type { Kafka } from '../kafka.js';
import type { Consumer } from './consumer.js';
import type { ConsumerOptions, TopicPartition } from './consumer-options.js';

// Over 400 lines because all scenarios share the one broker that is started here.
let broker: TestBroker;
let kafka: Kafka;
let topics = 0;

beforeAll(async () => {
  broker = await startBroker({});
  kafka = broker.kafka();
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

/** A topic of its own with values `<partition>:<offset>`. */
async function topicWith(...counts: number[]): Promise<string> {
  const name = `orders-${topics++}`;
  const admin = kafka.admin();
  await admin.createTopics([{ name, partitions: counts.length }]);
  await admin.close();
  for (const [partition, count] of counts.entries()) await append(name, partition, 0, count);
  return name;
}

async function append(topic: string, partition: number, from: number, count: number) {
  const producer = kafka.producer();
  const sends = Array.from({ length: count }, (_, index) =>
    producer.send({
      topic,
      partition,
      key: null,
      value: Buffer.from(`${partition}:${from + index}`),
    }),
  );
  await Promise.all(sends);
  await producer.close();
}

type Options = ConsumerOptions<Buffer | null, string | null>;

function consumer(options: Options): Consumer<Buffer | null, string | null> {
  return kafka.consumer({
    fromBeginning: true,
    heartbeatIntervalMs: 20,
    valueDeserializer: string(),
    ...options,
  });
}

async function take(from: AsyncIterable<{ value: string | null }>, count: number) {
  const values: (string | null)[] = [];
  for await (const { value } of from) {
    values.push(value);
    if (values.length === count) break;
  }
  return values;
}

/** Waits for something that is bound to become true. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe('reading', () => {
  test('gives every record of every partition, in order within each', async () => {
    const topic = await topicWith(5, 0, 7);
    const reader = consumer({ topics: [topic] });
    const values = await take(reader, 12);
    const of = (partition: number) => values.filter((value) => value?.startsWith(`${partition}:`));
    expect(of(0)).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4']);
    expect(of(2)).toEqual(['2:0', '2:1', '2:2', '2:3', '2:4', '2:5', '2:6']);
    await reader.close();
  });

  test('a record is a plain object that can be printed as JSON, headers and all', async () => {
    const topic = await topicWith(0);
    const producer = kafka.producer();
    const headers: [string, Buffer][] = [
      ['trace', Buffer.from('1')],
      ['trace', Buffer.from('2')],
      ['raw', Buffer.from([0xff])],
    ];
    const key = Buffer.from('k');
    await producer.send({ topic, key, value: Buffer.from('{"a":1}'), timestamp: 7, headers });
    await producer.close();
    const reader = kafka.consumer({
      topics: [topic],
      fromBeginning: true,
      valueDeserializer: json(),
    });
    for await (const record of reader) {
      expect(record.headers.getAll('trace').map(String)).toEqual(['1', '2']);
      expect(String(record.headers.get('trace'))).toBe('2');
      expect(JSON.parse(JSON.stringify(record))).toEqual({
        topic,
        partition: 0,
        offset: 0,
        timestamp: 7,
        key: 'k',
        value: { a: 1 },
        headers: [
          ['trace', '1'],
          ['trace', '2'],
          ['raw', { base64: '/w==' }],
        ],
        leaderEpoch: 0,
      });
      break;
    }
    await reader.close();
  });

  test('batches bring the records of one partition together', async () => {
    const topic = await topicWith(30);
    const reader = consumer({ topics: [topic] });
    const values: (string | null)[] = [];
    for await (const batch of reader.batches()) {
      expect(batch).toMatchObject({ topic, partition: 0, firstOffset: values.length });
      values.push(...batch.records.map(({ value }) => value));
      if (values.length === 30) break;
    }
    expect(values.at(-1)).toBe('0:29');
    await reader.close();
  });

  test('small fetches bring everything all the same', async () => {
    const topic = await topicWith(40, 40);
    const small = { fetchMaxBytes: 1, maxPartitionFetchBytes: 1, queuedMaxBytes: 1 };
    const reader = consumer({ topics: [topic], ...small });
    expect(await take(reader, 80)).toHaveLength(80);
    await reader.close();
  });

  test('an expression finds topics that come later', async () => {
    const first = await topicWith(1);
    const pattern = new RegExp(`^(${first}|orders-${topics})$`);
    const reader = consumer({ topics: pattern, metadataMaxAgeMs: 20 });
    const values = reader[Symbol.asyncIterator]();
    expect((await values.next()).value).toMatchObject({ topic: first });
    const next = values.next();
    const second = await topicWith(1);
    expect((await next).value).toMatchObject({ topic: second });
    await reader.close();
  });

  test('a poisoned record is an error that says where, and is passed by seeking', async () => {
    const topic = await topicWith(2);
    const reader = kafka.consumer({
      topics: [topic],
      fromBeginning: true,
      valueDeserializer: json(),
    });
    const error: unknown = await take(reader as never, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'DESERIALIZATION_FAILED',
      context: { topic, partition: 0, offset: 0 },
    });
    reader.seek({ topic, partition: 0, offset: 1 });
    await expect(take(reader as never, 1)).rejects.toThrow(/offset 1/);
    await reader.close();
  });
});

describe('positions', () => {
  test('seek, pause and resume work for each partition by itself', async () => {
    const topic = await topicWith(4, 4);
    const [zero, one] = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ] as const;
    const reader = consumer({ assign: [zero, one] });
    await reader.start();
    reader.pause([one]);
    expect(reader.paused()).toEqual([one]);
    reader.seek({ ...zero, offset: 2 });
    expect(await take(reader, 2)).toEqual(['0:2', '0:3']);
    expect(await reader.position(zero)).toBe(3);
    reader.pause([zero]);
    reader.resume([one]);
    expect(await take(reader, 1)).toEqual(['1:0']);
    await reader.seekToEnd([one]);
    expect(await reader.position(one)).toBe(4);
    await reader.seekToBeginning([one]);
    expect(await reader.lag(one)).toBe(4);
    expect(() => reader.seek({ topic, partition: 9, offset: 0 })).toThrow(/not assigned/);
    expect(() => reader.seek({ ...zero, offset: -1 })).toThrow(/-1 is no offset/);
    await reader.close();
  });

  test('seekToTimestamp goes to the first record of that time, or to the end', async () => {
    const topic = await topicWith(0);
    const producer = kafka.producer();
    for (const timestamp of [1000, 2000, 3000]) {
      await producer.send({ topic, key: null, value: Buffer.from(String(timestamp)), timestamp });
    }
    await producer.close();
    const of = { topic, partition: 0 };
    const reader = consumer({ assign: [of] });
    await reader.start();
    await reader.seekToTimestamp(1500);
    expect(await reader.position(of)).toBe(1);
    await reader.seekToTimestamp(9000);
    expect(await reader.position(of)).toBe(3);
    await reader.close();
  });

  test('begins at the end unless told otherwise, and fails where there is no policy', async () => {
    const topic = await topicWith(3);
    const latest = kafka.consumer({ topics: [topic] });
    await latest.start();
    expect(await latest.position({ topic, partition: 0 })).toBe(3);
    await latest.close();
    const none = kafka.consumer({ groupId: topic, topics: [topic], offsetReset: 'none' });
    const loop = none[Symbol.asyncIterator]();
    await expect(loop.next()).rejects.toMatchObject({ code: 'NO_OFFSET', context: { topic } });
    await none.close();
  });

  test('an offset that is gone is reset by the policy, and reported', async () => {
    const topic = await topicWith(3);
    const errors: KafkaError[] = [];
    const onError = (error: KafkaError) => errors.push(error);
    const reader = consumer({ assign: [{ topic, partition: 0 }], onError });
    await reader.start();
    reader.seek({ topic, partition: 0, offset: 50 });
    expect(await take(reader, 1)).toEqual(['0:0']);
    expect(errors[0]).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      context: { topic, offset: 50 },
    });
    await reader.close();
  });
});

describe('commits', () => {
  test('cover what the loop has finished, not what it has at hand', async () => {
    const topic = await topicWith(5);
    const first = consumer({ groupId: topic, topics: [topic] });
    await take(first, 3);
    await first.close();
    const second = consumer({ groupId: topic, topics: [topic] });
    expect(await take(second, 1)).toEqual(['0:2']);
    expect(await second.committed()).toMatchObject([
      { topic, partition: 0, offset: 2, leaderEpoch: 0 },
    ]);
    await second.close();
  });

  test('commit(record) finishes the record at hand', async () => {
    const topic = await topicWith(5);
    const first = consumer({ groupId: topic, topics: [topic], commit: 'manual' });
    for await (const record of first) {
      if (record.offset < 2) continue;
      await first.commit(record);
      break;
    }
    await first.close();
    const second = consumer({ groupId: topic, topics: [topic] });
    expect(await take(second, 1)).toEqual(['0:3']);
    await second.close();
  });

  test('manual means that nothing is committed by itself', async () => {
    const topic = await topicWith(5);
    const first = consumer({ groupId: topic, topics: [topic], commit: 'manual' });
    await take(first, 4);
    expect(await first.committed()).toEqual([]);
    await first.commit();
    expect(await first.committed()).toMatchObject([{ offset: 3 }]);
    await first.close();
  });

  test('explicit offsets keep their metadata, also without a member', async () => {
    const topic = await topicWith(5);
    const of = { topic, partition: 0 };
    const reader = consumer({ groupId: topic, assign: [of] });
    await reader.commit([{ ...of, offset: 4, metadata: 'checkpoint', leaderEpoch: 0 }]);
    expect(await reader.committed([of])).toEqual([
      { ...of, offset: 4, leaderEpoch: 0, metadata: 'checkpoint' },
    ]);
    expect(await take(reader, 1)).toEqual(['0:4']);
    await reader.close();
  });

  test('happen by themselves on the interval', async () => {
    const topic = await topicWith(3);
    const reader = consumer({ groupId: topic, topics: [topic], autoCommitIntervalMs: 10 });
    const loop = reader[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) await loop.next();
    await until(() => reader.health().partitions[0]?.committed === 2);
    await reader.close();
  });

  test('go up to the first record that was deferred and is not finished', async () => {
    const topic = await topicWith(4);
    const reader = consumer({ groupId: topic, topics: [topic], commit: 'manual' });
    const finish: (() => void)[] = [];
    for await (const record of reader) {
      if (finish.push(reader.defer(record)) === 4) break;
    }
    finish[1]?.();
    await reader.commit();
    expect(await reader.committed()).toMatchObject([{ offset: 0 }]);
    finish[0]?.();
    await reader.commit();
    expect(await reader.committed()).toMatchObject([{ offset: 2 }]);
    await reader.close();
  });

  test('without a group there is nowhere to commit', async () => {
    const reader = consumer({ assign: [{ topic: 'any', partition: 0 }] });
    await expect(reader.commit()).rejects.toThrow(/without groupId/);
    await reader.close();
    await expect(reader.start()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

/** Runs a loop in the background and notes what happens to it. */
function member(options: Options, work: (value: string | null) => Promise<void> | void) {
  const events: string[] = [];
  const note = (what: string) => (partitions: TopicPartition[]) => {
    events.push(`${what} ${partitions.map(({ partition }) => partition).join(',')}`);
  };
  const it = consumer({
    onAssigned: note('assigned'),
    onRevoked: note('revoked'),
    onLost: note('lost'),
    onError: (error) => events.push(error.code),
    ...options,
  });
  const run = (async () => {
    for await (const { value } of it) await work(value);
  })();
  return { it, events, run };
}

describe('groups', () => {
  test.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const)(
    'two members of a %s group share the partitions, and one inherits when the other leaves',
    async (assignor) => {
      const topic = await topicWith(20, 20, 20, 20);
      const seen: (string | null)[] = [];
      const work = (value: string | null) => {
        seen.push(value);
      };
      const options = { groupId: topic, topics: [topic], assignors: [assignor] };
      const first = member(options, work);
      await until(() => first.it.assignment().length === 4);
      const second = member(options, work);
      await until(() => first.it.assignment().length === 2 && second.it.assignment().length === 2);
      const together = [...first.it.assignment(), ...second.it.assignment()];
      expect(new Set(together.map(({ partition }) => partition)).size).toBe(4);
      await second.it.close();
      await until(() => first.it.assignment().length === 4);
      await until(() => seen.length >= 80);
      expect(new Set(seen).size).toBe(80);
      expect(seen).toHaveLength(80);
      await first.it.close();
      await Promise.all([first.run, second.run]);
      if (assignor === 'cooperative-sticky') expect(first.events[1]).toBe('revoked 2,3');
      else expect(first.events[1]).toBe('revoked 0,1,2,3');
    },
  );

  test('a rebalance waits for the record at hand and commits it', async () => {
    const topic = await topicWith(3, 3);
    let finish = (): void => undefined;
    const worked: (string | null)[] = [];
    const first = member({ groupId: topic, topics: [topic] }, async (value) => {
      worked.push(value);
      if (worked.length === 2) await new Promise<void>((resolve) => (finish = resolve));
    });
    await until(() => worked.length === 2);
    const other: (string | null)[] = [];
    const second = member({ groupId: topic, topics: [topic] }, (value) => {
      other.push(value);
    });
    await until(() => first.it.health().state === 'rebalancing');
    expect(first.events).toEqual(['assigned 0,1']);
    expect(other).toEqual([]);
    finish();
    await until(() => worked.length + other.length === 6);
    expect(new Set([...worked, ...other]).size).toBe(6);
    expect(first.events.slice(0, 2)).toEqual(['assigned 0,1', 'revoked 0,1']);
    expect(first.it.assignment()).toHaveLength(1);
    await Promise.all([first.it.close(), second.it.close()]);
    await Promise.all([first.run, second.run]);
  });

  test('a rebalance waits for deferred records', async () => {
    const topic = await topicWith(2, 2);
    const finish: (() => void)[] = [];
    const options = { groupId: topic, topics: [topic] };
    const events: string[] = [];
    const note = (what: string) => () => void events.push(what);
    const hooks = { onRevoked: note('revoked'), onLost: note('lost') };
    const first = consumer({ ...options, ...hooks });
    const run = (async () => {
      for await (const record of first) finish.push(first.defer(record));
    })();
    await until(() => finish.length === 4);
    const second = member(options, () => undefined);
    await until(() => first.health().state === 'rebalancing');
    expect(events).toEqual([]);
    for (const each of finish) each();
    await until(() => second.it.assignment().length === 1);
    expect(events).toEqual(['revoked']);
    await Promise.all([first.close(), second.it.close()]);
    await Promise.all([run, second.run]);
  });

  test('a member that the group does not wait for any longer loses its partitions', async () => {
    const topic = await topicWith(2, 2);
    let finish = (): void => undefined;
    const options = { groupId: topic, topics: [topic], rebalanceTimeoutMs: 100 };
    const slow = member(options, async () => {
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await until(() => slow.it.assignment().length === 2);
    const other = member(options, () => undefined);
    await until(() => slow.events.includes('lost 0,1'));
    await until(() => other.it.assignment().length === 2 || slow.it.assignment().length === 1);
    finish();
    await Promise.all([slow.it.close(), other.it.close()]);
    finish();
    await Promise.all([slow.run, other.run]);
  });

  test('a loop that is too slow loses its partitions and gets them back when it asks', async () => {
    const topic = await topicWith(4);
    let finish = (): void => undefined;
    const worked: (string | null)[] = [];
    const slow = member(
      { groupId: topic, topics: [topic], maxPollIntervalMs: 60 },
      async (value) => {
        worked.push(value);
        if (worked.length === 2) await new Promise<void>((resolve) => (finish = resolve));
      },
    );
    await until(() => slow.events.includes('lost 0'));
    expect(slow.it.health().state).toBe('expelled');
    expect(slow.events).toEqual(['assigned 0', 'POLL_TIMEOUT', 'lost 0']);
    finish();
    await until(() => worked.length >= 5);
    // What was finished before had not been committed: leaving late is no time to commit.
    expect(worked.slice(0, 5)).toEqual(['0:0', '0:1', '0:0', '0:1', '0:2']);
    await slow.it.close();
    await slow.run;
  });

  test('a static member comes back to its partitions without a rebalance', async () => {
    const topic = await topicWith(1, 1);
    const options = { groupId: topic, topics: [topic] };
    const first = member({ ...options, groupInstanceId: 'one' }, () => undefined);
    const second = member({ ...options, groupInstanceId: 'two' }, () => undefined);
    await until(() => first.it.assignment().length === 1 && second.it.assignment().length === 1);
    const { generationId, partitions } = second.it.health();
    await second.it.close();
    const again = member({ ...options, groupInstanceId: 'two' }, () => undefined);
    await until(() => again.it.assignment().length === 1);
    expect(again.it.health().generationId).toBe(generationId);
    expect(again.it.assignment()).toMatchObject([{ partition: partitions[0]?.partition }]);
    await Promise.all([first.it.close(), again.it.close()]);
  });

  test('who is fenced by another with the same instance id ends with an error', async () => {
    const topic = await topicWith(1);
    const options = { groupId: topic, topics: [topic], groupInstanceId: 'one' };
    const first = member(options, () => undefined);
    await until(() => first.it.assignment().length === 1);
    const second = member(options, () => undefined);
    await expect(first.run).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID' });
    expect(first.events).toContain('lost 0');
    expect(first.it.health().state).toBe('failed');
    await Promise.all([first.it.close(), second.it.close()]);
  });

  test('hooks are waited for and may seek and commit', async () => {
    const topic = await topicWith(5);
    const options = { groupId: topic, topics: [topic], commit: 'manual' as const };
    const reader: Consumer<Buffer | null, string | null> = consumer({
      ...options,
      async onAssigned([of]) {
        if (of !== undefined) await Promise.resolve(reader.seek({ ...of, offset: 3 }));
      },
      onRevoked: async () => await reader.commit(),
    });
    const loop = reader[Symbol.asyncIterator]();
    expect((await loop.next()).value).toMatchObject({ value: '0:3' });
    const waiting = [loop.next(), loop.next()];
    expect((await waiting[0])?.value).toMatchObject({ value: '0:4' });
    const second = consumer({ ...options, onAssigned: () => undefined });
    await second.start();
    await until(() => reader.assignment().length + second.assignment().length === 1);
    expect(await second.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 5 }]);
    await Promise.all([reader.close(), second.close()]);
  });

  test('new partitions are found and shared', async () => {
    const topic = await topicWith(1);
    const first = member(
      { groupId: topic, topics: [topic], metadataMaxAgeMs: 20 },
      () => undefined,
    );
    await until(() => first.it.assignment().length === 1);
    const admin = kafka.admin();
    await admin.createPartitions([{ topic, count: 3 }]);
    await admin.close();
    await until(() => first.it.assignment().length === 3);
    await first.it.close();
  });
});

describe('ending', () => {
  test('close ends a loop that waits, and is quick in the middle of a fetch', async () => {
    const topic = await topicWith(0);
    const reader = consumer({ topics: [topic], fetchMaxWaitMs: 600_000 });
    const waiting = take(reader, 1);
    await until(() => reader.health().state === 'standalone');
    await reader.close();
    expect(await waiting).toEqual([]);
    expect(reader.health().state).toBe('closed');
  });

  test('a signal ends the loop like close', async () => {
    const topic = await topicWith(2);
    const controller = new AbortController();
    const reader = consumer({ topics: [topic], signal: controller.signal });
    const values: (string | null)[] = [];
    for await (const { value } of reader) {
      values.push(value);
      if (values.length === 2) controller.abort();
    }
    expect(values).toEqual(['0:0', '0:1']);
  });

  test('close inside the loop does not wait for the loop', async () => {
    const topic = await topicWith(3);
    const reader = consumer({ groupId: topic, topics: [topic] });
    for await (const _ of reader) await reader.close();
    expect(reader.closed).toBe(true);
  });
});

describe('options', () => {
  test('that nobody knows fail with a suggestion', () => {
    expect(() => consumer({ topic: 'x' } as never)).toThrow(/no option 'topic'.*'topics'/);
    expect(() => consumer({ topics: ['x'], sessionTimeoutMS: 1 } as never)).toThrow(
      /'sessionTimeoutMs'/,
    );
  });

  test.each([
    [{}, /one of topics, topicPattern and assign/],
    [{ topics: [] }, /list of names/],
    [{ topics: ['a'], assign: [] }, /one of topics, topicPattern and assign/],
    [{ topics: ['a'], groupId: '' }, /groupId must not be empty/],
    [{ topics: ['a'], offsetReset: 'latest' }, /contradicts/],
    [{ topics: ['a'], commit: 'never' }, /one of auto, manual/],
    [{ topics: ['a'], fetchMinBytes: 0.5 }, /fetchMinBytes must be a whole number/],
    [{ topics: ['a'], groupInstanceId: 'x' }, /belongs to a member/],
    [
      { topics: ['a'], groupProtocol: 'consumer', heartbeatIntervalMs: undefined },
      /give a groupId/,
    ],
    [{ topics: ['a'], groupId: 'g', topicPattern: 'b' }, /only one/],
    [{ groupId: 'g', topicPattern: 'b' }, /needs groupProtocol: 'consumer'/],
    [
      { groupId: 'g', topics: ['a'], groupProtocol: 'consumer', sessionTimeoutMs: 9000 },
      /sessionTimeoutMs cannot be given/,
    ],
    [
      { groupId: 'g', topics: /(?=a)/, groupProtocol: 'consumer', heartbeatIntervalMs: undefined },
      /Brokers cannot evaluate/,
    ],
    [{ topics: ['a'], sessionTimeoutMs: 10 }, /heartbeatIntervalMs must be below/],
  ])('%j is refused', (options, reason) => {
    expect(() => consumer(options as Options)).toThrow(reason);
  });
});
