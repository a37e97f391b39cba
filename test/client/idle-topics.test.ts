import { expect, test } from 'vitest';
import { finished } from './fake-cluster.js';
import { oneMember } from './one-member.js';

const minutes = 60_000;

test.each([
  ['an expression in a classic group', { groupId: 'g', topics: /^orders/ }],
  ['names in a classic group', { groupId: 'g', topics: ['orders-1'] }],
  ['an expression without a group', { topics: /^orders/ }],
  ['partitions named one by one', { assign: [{ topic: 'orders-1', partition: 0 }] }],
])('a topic stays known while it is read, however quiet it is: %s', async (_what, options) => {
  const { fake, cluster, consumer, append, joins } = await oneMember(options);
  const { clock } = fake.system;
  await finished(fake.system, consumer.start());
  const assigned = consumer.assignment();
  expect(assigned).toEqual([{ topic: 'orders-1', partition: 0 }]);
  const joinsBefore = joins();
  const next = consumer[Symbol.asyncIterator]().next();
  // The metadata grows old several times; now and then a leader election is heard of.
  for (let passed = 0; passed < 11 * minutes; passed += minutes) {
    await clock.advance(minutes - 7);
    cluster.refreshSoon('something has moved');
    await clock.advance(7);
    expect(cluster.topic('orders-1')?.partitions).toHaveLength(1);
  }
  append('late');
  const { value } = await finished(fake.system, next, 2000);
  expect(String(value?.value)).toBe('late');
  expect(joins()).toBe(joinsBefore);
  await finished(fake.system, consumer.close());
  await cluster.close();
});
