import { describe, expect, test } from 'vitest';
import { finished } from '../../../test/client/fake-cluster.js';
import { oneMember } from '../../../test/client/one-member.js';
import type { ConsumerOptions } from './consumer-options.js';

async function member(options: ConsumerOptions = {}) {
  const all = { groupId: 'g', topics: ['orders-1'], ...options };
  const { fake, broker, cluster, consumer, append, joins } = await oneMember(all);
  append('a');
  const left: unknown[] = [];
  broker.handlers.LeaveGroup = ({ members }) => {
    left.push(...members);
    return { errorCode: 0, members: [] };
  };
  const reasons: (string | null)[] = [];
  const { JoinGroup } = broker.handlers;
  broker.handlers.JoinGroup = (request, asked) => {
    reasons.push(request.reason);
    if (JoinGroup === undefined) throw new Error('there is no answer');
    return JoinGroup(request, asked);
  };
  await finished(fake.system, consumer[Symbol.asyncIterator]().next());
  const end = async () => {
    await cluster.close();
  };
  const done = <T>(work: Promise<T>) => finished(fake.system, work);
  return { consumer, broker, left, reasons, joins, clock: fake.system.clock, done, end };
}

describe('closing', () => {
  test('leaves the group, unless the member is static', async () => {
    for (const [options, leaves] of [
      [{}, true],
      [{ groupInstanceId: 'one' }, false],
    ] as const) {
      const { consumer, left, done, end } = await member(options);
      await done(consumer.close());
      expect(left.length > 0, JSON.stringify(options)).toBe(leaves);
      await end();
    }
  });

  test('remains or leaves where it is told to, whatever the member is (KIP-1092)', async () => {
    const dynamic = await member();
    await dynamic.done(dynamic.consumer.close({ groupMembershipOperation: 'remain' }));
    expect(dynamic.left).toEqual([]);
    await dynamic.end();
    const fixed = await member({ groupInstanceId: 'one' });
    await fixed.done(fixed.consumer.close({ groupMembershipOperation: 'leave' }));
    expect(fixed.left).toMatchObject([{ memberId: 'me', groupInstanceId: 'one' }]);
    await fixed.end();
  });

  test('waits for the last commit no longer than it is told', async () => {
    const { consumer, broker, clock, done, end } = await member();
    broker.handlers.OffsetCommit = () => new Promise(() => undefined);
    const loop = consumer[Symbol.asyncIterator]();
    const waits = loop.next();
    await clock.advance(100);
    const before = clock.monotonic();
    await done(consumer.close({ timeoutMs: 700 }));
    expect(clock.monotonic() - before).toBeLessThan(1000);
    await done(waits);
    await end();
  });
});

test('a rebalance can be asked for, once however often (KIP-568)', async () => {
  const { consumer, reasons, joins, clock, done, end } = await member();
  consumer.enforceRebalance('the weights have changed');
  consumer.enforceRebalance('again');
  // The loop gives back what it has at hand before the partitions are shared out anew.
  const waits = consumer[Symbol.asyncIterator]().next();
  while (joins() < 2) await clock.advance(50);
  expect(reasons.slice(1)).toEqual(['the weights have changed']);
  await clock.advance(5000);
  expect(joins()).toBe(2);
  await done(consumer.close());
  await done(waits);
  expect(() => consumer.enforceRebalance()).not.toThrow();
  await end();
});
