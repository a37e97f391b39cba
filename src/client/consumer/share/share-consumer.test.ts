// A share consumer against a scripted broker in virtual time: what it asks, what it makes of the
// answers, and when. Java's share consumer is its partner in test/compat/share-consumer.mjs.
import { beforeAll, describe, expect, test } from 'vitest';
import { loadShareApis, lockMs, shared } from '../../../../test/client/fake-share-group.js';
import type { ShareConsumerOptions } from './share-consumer-options.js';
import type { ShareRecord } from './share-record.js';

beforeAll(loadShareApis);

function at<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

describe('implicit acknowledgement', () => {
  test('asking for the next record accepts the one before; the fetch takes it along', async () => {
    const place = await shared();
    place.waiting.push(0, 1);
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    const first = await place.done(loop.next());
    expect(first.value).toMatchObject({ topic: 'orders', offset: 0, deliveryCount: 1 });
    expect(place.acknowledged).toEqual([]);
    await place.done(loop.next());
    const waits = loop.next();
    place.waiting.push(2);
    await place.done(waits);
    expect(place.acknowledged.join()).toMatch(/^0: 0-(0|1) 1/);
    await place.done(consumer.commit());
    await place.done(consumer.close());
    expect(consumer.health().counters).toMatchObject({ acquired: 3, accepted: 3, released: 0 });
  });

  test('a loop that is left releases what it had at hand; close releases the rest', async () => {
    const place = await shared();
    place.waiting.push(0, 1, 2, 3);
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    await place.done(loop.next());
    await place.done(loop.next());
    await loop.return?.();
    await place.done(consumer.close());
    const { counters } = consumer.health();
    expect(counters).toMatchObject({ acquired: 4, accepted: 1, released: 3 });
    expect(at(place.heartbeats, -1).memberEpoch).toBe(-1);
  });

  test('what cannot be made into a record is released, and the loop told', async () => {
    const place = await shared();
    place.waiting.push(0);
    const valueDeserializer = () => {
      throw new Error('no good');
    };
    const consumer = place.consumer({ valueDeserializer });
    const loop = consumer[Symbol.asyncIterator]();
    await expect(place.done(loop.next())).rejects.toThrow(/no good/);
    await place.done(consumer.close());
    expect(consumer.health().counters).toMatchObject({ accepted: 0, released: 1 });
  });

  test('settling by hand is refused, and so is what cannot be meant', async () => {
    const place = await shared();
    place.waiting.push(0);
    const consumer = place.consumer();
    const { value } = await place.done(consumer[Symbol.asyncIterator]().next());
    expect(() => consumer.accept(value)).toThrow(/acknowledgementMode to 'explicit'/);
    expect(() => place.consumer({ groupId: '' })).toThrow(/needs a groupId/);
    expect(() => place.consumer({ topics: [] })).toThrow(/topics must be/);
    const odd = { acquireMode: 'all' } as unknown as Partial<ShareConsumerOptions>;
    expect(() => place.consumer(odd)).toThrow(/record_limit/);
    const misspelt = { maxPollRecord: 1 } as unknown as Partial<ShareConsumerOptions>;
    expect(() => place.consumer(misspelt)).toThrow(/'maxPollRecords' meant/);
    await place.done(consumer.close());
  });
});

describe('explicit acknowledgement', () => {
  test('each record is settled in its own way, in ranges of the same word', async () => {
    const place = await shared();
    place.waiting.push(0, 1, 2, 3, 7);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const loop = consumer[Symbol.asyncIterator]();
    const records: ShareRecord[] = [];
    for (let taken = 0; taken < 5; taken++) records.push((await place.done(loop.next())).value);
    consumer.accept(at(records, 1));
    consumer.accept(at(records, 0));
    consumer.release(at(records, 2));
    consumer.reject(at(records, 3));
    consumer.accept(at(records, 4));
    expect(() => consumer.accept(at(records, 0))).toThrow(/acknowledged already/);
    const results = await place.done(consumer.commit());
    expect(results).toEqual([
      { topic: 'orders', partition: 0, offsets: [0, 1, 2, 3, 7], error: null },
    ]);
    expect(place.acknowledged).toEqual(['0: 0-3 1,1,2,3', '0: 7-7 1']);
    expect(place.results).toEqual(results);
    await place.done(consumer.close());
  });

  test('renewing a record lets its lock begin anew, and says so in the request', async () => {
    const place = await shared();
    place.waiting.push(0);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const { value } = await place.done(consumer[Symbol.asyncIterator]().next());
    await place.pass(lockMs - 5000);
    consumer.renew(value);
    await place.done(consumer.commit());
    expect(place.acknowledged).toEqual(['0: 0-0 4']);
    await place.pass(lockMs - 5000);
    expect(place.troubles).toEqual([]);
    consumer.accept(value);
    await place.done(consumer.commit());
    expect(place.acknowledged).toEqual(['0: 0-0 4', '0: 0-0 1']);
    await place.done(consumer.close());
  });

  test('a lock that ends before its record is settled is told of', async () => {
    const place = await shared();
    place.waiting.push(0);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const { value } = await place.done(consumer[Symbol.asyncIterator]().next());
    await place.pass(lockMs + 100);
    expect(at(place.troubles, 0)).toMatchObject({
      code: 'INVALID_RECORD_STATE',
      context: { topic: 'orders', partition: 0, offset: 0 },
    });
    place.acknowledgeError = 121;
    consumer.accept(value);
    const [result] = await place.done(consumer.commit());
    expect(result?.error?.code).toBe('INVALID_RECORD_STATE');
    await place.done(consumer.close());
  });
});

describe('sessions', () => {
  test('partitions are named once, epochs count on, and the last one closes', async () => {
    const place = await shared();
    place.assigned = [0, 1];
    place.waiting.push(0);
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    await place.done(loop.next());
    const waits = loop.next();
    await place.pass(2000);
    const [first, second] = place.fetches;
    expect(first?.shareSessionEpoch).toBe(0);
    expect(first?.topics[0]?.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([
      0, 1,
    ]);
    expect(second).toMatchObject({ shareSessionEpoch: 1, topics: [] });
    const carriers = place.fetches.filter(({ topics }) => topics.length > 0).slice(1);
    expect(carriers.flatMap(({ topics }) => topics.flatMap((each) => each.partitions))).toEqual([
      {
        partitionIndex: 0,
        acknowledgementBatches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }],
      },
    ]);
    place.assigned = [1];
    await place.pass(7000);
    const forgets = place.fetches.find(({ forgottenTopicsData }) => forgottenTopicsData.length > 0);
    expect(forgets?.forgottenTopicsData).toMatchObject([{ partitions: [0] }]);
    await place.done(consumer.close());
    expect(await place.done(waits)).toMatchObject({ done: true });
  });

  test('with a session its locks are lost: nothing of it is handed out or accepted', async () => {
    const place = await shared();
    place.waiting.push(0, 1);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const loop = consumer[Symbol.asyncIterator]();
    const { value } = await place.done(loop.next());
    place.fetchError = 122;
    await place.pass(1000);
    place.fetchError = 0;
    place.sessionEpoch = 0;
    expect(consumer.health().bufferedRecords).toBe(0);
    consumer.accept(value);
    expect(at(place.results, -1)).toMatchObject({ offsets: [0] });
    expect(at(place.results, -1).error?.code).toBe('SHARE_SESSION_NOT_FOUND');
    place.waiting.push(0);
    const again = await place.done(loop.next());
    expect(again.value).toMatchObject({ offset: 0, deliveryCount: 2 });
    await place.done(consumer.close());
  });

  test('what a former leader gave cannot be acknowledged any more, and says so', async () => {
    const place = await shared(2);
    place.waiting.push(0);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const { value } = await place.done(consumer[Symbol.asyncIterator]().next());
    place.leader = { leaderId: 1, leaderEpoch: 1 };
    place.waiting.push(1);
    await place.pass(1000);
    expect(consumer.health()).toMatchObject({ acquiredRecords: 0, bufferedRecords: 0 });
    consumer.accept(value);
    const { offsets, error } = at(place.results, -1);
    expect(offsets).toEqual([0]);
    expect(error?.code).toBe('NOT_LEADER_OR_FOLLOWER');
    expect(error?.message).toMatch(/moved from broker 0 to 1/);
    expect(at(place.cluster.brokers, 1).count('ShareFetch')).toBeGreaterThan(0);
    await place.done(consumer.close());
  });
});

describe('how much is acquired', () => {
  test('no more than a slow loop works through in a third of the time of a lock', async () => {
    const place = await shared();
    for (let offset = 0; offset < 200; offset++) place.waiting.push(offset);
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    let most = 0;
    for (let taken = 0; taken < 60; taken++) {
      await place.done(loop.next());
      await place.pass(1000);
      most = Math.max(most, consumer.health().acquiredRecords);
    }
    expect(most).toBeLessThanOrEqual(20);
    expect(consumer.health().acquireLimit).toBeLessThanOrEqual(10);
    expect(at(place.fetches, -1).shareAcquireMode).toBe(1);
    expect(place.troubles).toEqual([]);
    await place.done(consumer.close());
  });

  test('a quick loop is given all it may have, in whole batches', async () => {
    const place = await shared();
    for (let offset = 0; offset < 1000; offset++) place.waiting.push(offset);
    const consumer = place.consumer({ maxPollRecords: 100 });
    const loop = consumer[Symbol.asyncIterator]();
    for (let taken = 0; taken < 300; taken++) await place.done(loop.next());
    expect(Math.max(...place.fetches.map(({ maxRecords }) => maxRecords))).toBeGreaterThan(45);
    expect(at(place.fetches, -1).shareAcquireMode).toBe(0);
    expect(consumer.health().acquiredRecords).toBeLessThanOrEqual(100);
    await place.done(consumer.close());
  });

  test('what is renewed takes its time, and others come beside it up to the maximum', async () => {
    const place = await shared();
    for (let offset = 0; offset < 50; offset++) place.waiting.push(offset);
    const options = { acknowledgementMode: 'explicit', maxPollRecords: 8 } as const;
    const consumer = place.consumer(options);
    const taken: ShareRecord[] = [];
    void (async () => {
      for await (const record of consumer) taken.push(record);
    })();
    // Nobody finishes anything for three times as long as a lock lasts.
    for (let at = 0; at < 18; at++) {
      await place.pass(5000);
      for (const record of taken) consumer.renew(record);
    }
    expect(taken).toHaveLength(8);
    const [first] = taken;
    if (first !== undefined) consumer.accept(first);
    await place.pass(1000);
    expect(taken).toHaveLength(9);
    expect(consumer.health().counters).toMatchObject({ acquired: 9, expired: 0 });
    await place.done(consumer.close());
  });

  test('nothing is acquired while no loop asks', async () => {
    const place = await shared();
    const consumer = place.consumer();
    await place.pass(1000);
    expect([place.fetches.length, place.heartbeats.length]).toEqual([0, 0]);
    expect(consumer.health()).toMatchObject({ state: 'idle', acquisitionLockTimeoutMs: null });
    await place.done(consumer.close());
  });
});

describe('membership', () => {
  test('the member makes its id, says its topics at epoch 0, and beats on', async () => {
    const place = await shared();
    const consumer = place.consumer({ rackId: 'r1' });
    const waits = consumer[Symbol.asyncIterator]().next();
    await place.pass(11_000);
    const [first, second] = place.heartbeats;
    expect(first).toMatchObject({
      groupId: 'queue',
      memberEpoch: 0,
      rackId: 'r1',
      subscribedTopicNames: ['orders'],
    });
    expect(first?.memberId).toHaveLength(22);
    expect(second).toMatchObject({ memberEpoch: 1, subscribedTopicNames: null });
    expect(consumer.health()).toMatchObject({ state: 'stable', memberEpoch: 1 });
    expect(consumer.assignment()).toEqual([{ topic: 'orders', partition: 0 }]);
    await place.done(consumer.close());
    await place.done(waits);
  });

  test('a fenced member joins again at epoch 0, and goes on reading', async () => {
    const place = await shared();
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    const waits = loop.next();
    await place.pass(2000);
    place.heartbeatErrors = [110, 25];
    await place.pass(8000);
    expect(place.troubles.map(({ code }) => code)).toEqual([
      'FENCED_MEMBER_EPOCH',
      'UNKNOWN_MEMBER_ID',
    ]);
    const joins = place.heartbeats.filter(({ memberEpoch }) => memberEpoch === 0);
    expect(joins.map(({ subscribedTopicNames }) => subscribedTopicNames)).toEqual(
      joins.map(() => ['orders']),
    );
    place.waiting.push(0);
    expect((await place.done(waits)).value).toMatchObject({ offset: 0 });
    await place.done(consumer.close());
  });

  test('a loop that holds a record for too long makes the member leave until it asks', async () => {
    const place = await shared();
    place.waiting.push(0);
    const consumer = place.consumer({ maxPollIntervalMs: 10_000 });
    const loop = consumer[Symbol.asyncIterator]();
    await place.done(loop.next());
    await place.pass(12_000);
    expect(place.troubles.map(({ code }) => code)).toContain('POLL_TIMEOUT');
    expect(at(place.heartbeats, -1).memberEpoch).toBe(-1);
    expect(consumer.health().state).toBe('expelled');
    const waits = loop.next();
    await place.pass(2000);
    expect(at(place.heartbeats, -1).memberEpoch).toBeGreaterThanOrEqual(0);
    expect(consumer.health().state).toBe('stable');
    await place.done(consumer.close());
    await place.done(waits);
  });

  test('what cannot mend itself ends the loop', async () => {
    const place = await shared();
    place.heartbeatErrors = [30];
    const consumer = place.consumer();
    const loop = consumer[Symbol.asyncIterator]();
    await expect(place.done(loop.next())).rejects.toMatchObject({
      code: 'GROUP_AUTHORIZATION_FAILED',
    });
    expect(consumer.health().state).toBe('failed');
    await place.done(consumer.close());
  });

  test('a signal closes the consumer, and its loop ends quietly', async () => {
    const place = await shared();
    const abort = new AbortController();
    const consumer = place.consumer({ signal: abort.signal });
    const waits = consumer[Symbol.asyncIterator]().next();
    await place.pass(1000);
    abort.abort();
    expect(await place.done(waits)).toEqual({ done: true, value: undefined });
    await place.done(consumer.close());
    await expect(consumer.commit()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
