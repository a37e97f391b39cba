import { describe, expect, test } from 'vitest';
import { finished } from '../../../test/client/fake-cluster.js';
import { oneMember } from '../../../test/client/one-member.js';
import { FetchedRun } from './consumer-batch.js';
import { offsetsToCommit } from './offsets-to-commit.js';
import { SubscriptionState } from './subscription-state.js';

const identity = { memberId: 'me', generationId: 2, groupInstanceId: null };
const place = { topic: 'orders-1', partition: 0 };

/** A member whose loop is still at its first record when the partition has gone and come back. */
async function lostAndBack(committed: number) {
  const options = { groupId: 'g', topics: ['orders-1'], commit: 'manual' as const };
  const { fake, broker, cluster, consumer, append, joins } = await oneMember(options);
  const topicId = fake.topics.get('orders-1')?.id ?? '';
  for (const value of ['a', 'b', 'c']) append(value);
  const told: { readonly committedOffset: number; readonly committedLeaderEpoch: number }[] = [];
  broker.handlers.OffsetCommit = ({ topics }) => {
    told.push(...topics.flatMap(({ partitions }) => partitions));
    const partitions = [{ partitionIndex: 0, errorCode: 0 }];
    return { topics: [{ name: 'orders-1', topicId, partitions }] };
  };
  const loop = consumer[Symbol.asyncIterator]();
  const next = async () => (await finished(fake.system, loop.next())).value;
  const record = await next();
  expect(consumer.offsetsToCommit(record).offsets).toMatchObject([{ ...place, offset: 1 }]);
  const found = { committedOffset: committed, committedLeaderEpoch: 0, metadata: '' };
  const partitions = [{ partitionIndex: 0, ...found, errorCode: 0 }];
  broker.handlers.OffsetFetch = () => ({
    groups: [{ groupId: 'g', topics: [{ name: 'orders-1', topicId, partitions }] }],
  });
  broker.handlers.Heartbeat = () => ({ errorCode: joins() === 1 ? 25 : 0 });
  while (joins() < 2 || consumer.assignment().length === 0) await fake.system.clock.advance(100);
  expect(await finished(fake.system, consumer.position(place))).toBe(committed);
  const end = async () => {
    await finished(fake.system, consumer.close());
    await cluster.close();
  };
  return { consumer, record, next, told, end };
}

const givenUp = expect.objectContaining({
  code: 'ILLEGAL_GENERATION',
  context: expect.objectContaining(place) as unknown,
}) as Error;

describe('after a partition was lost and has come back', () => {
  test('what was handed out before is not committed over what others have done', async () => {
    const { consumer, record, told, end } = await lostAndBack(3);
    expect(() => consumer.offsetsToCommit(record)).toThrow(givenUp);
    await expect(consumer.commit(record)).rejects.toEqual(givenUp);
    expect(told).toEqual([]);
    await end();
  });

  test('nor what stands before the place where it begins now', async () => {
    const { consumer, record, end } = await lostAndBack(1);
    // The offset is the very one that is committed: somebody else has handled the record.
    expect(() => consumer.offsetsToCommit(record)).toThrow(givenUp);
    await end();
  });

  test('everything handed out is not the loop’s to commit before it asks for more', async () => {
    const { consumer, next, told, end } = await lostAndBack(1);
    expect(() => consumer.offsetsToCommit()).toThrow(givenUp);
    const second = await next();
    expect(second.value?.toString()).toBe('b');
    expect(consumer.offsetsToCommit().offsets).toMatchObject([{ ...place, offset: 2 }]);
    expect(consumer.offsetsToCommit(second).offsets).toMatchObject([{ ...place, offset: 2 }]);
    await consumer.commit(second);
    // With the leader epoch of the record, by which a log that was cut back is noticed.
    expect(told).toMatchObject([{ committedOffset: 2, committedLeaderEpoch: 0 }]);
    await end();
  });
});

test('a batch belongs to the assignment it came from, though offsets are the same again', () => {
  const subscription = new SubscriptionState();
  const batchOfNow = () => {
    const state = subscription.need(place);
    if (!state.hasPosition) state.moveTo({ offset: 0, leaderEpoch: -1 });
    state.position = 10;
    return new FetchedRun(state, { firstOffset: 0, nextOffset: 10, endOffset: 10 }, [], () => {
      throw new Error('nobody looks inside');
    });
  };
  subscription.add([place]);
  const old = batchOfNow();
  expect(offsetsToCommit('g', identity, subscription, old, undefined).offsets).toMatchObject([
    { offset: 10 },
  ]);
  subscription.remove([place]);
  expect(() => offsetsToCommit('g', identity, subscription, old, undefined)).toThrow(givenUp);
  subscription.add([place]);
  const young = batchOfNow();
  expect(() => offsetsToCommit('g', identity, subscription, old, undefined)).toThrow(givenUp);
  expect(offsetsToCommit('g', identity, subscription, young, undefined).offsets).toHaveLength(1);
});
