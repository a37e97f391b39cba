import { expect, test } from 'vitest';
import type { Consumer, ConsumerHealth } from '../client/index.js';
import { realSystem } from '../system/index.js';
import { PartitionLease } from './partition-lease.js';

const of = { topic: 't', partition: 0 };

/** A lease on a consumer whose health is what the list says, one look after the other. */
function lease(sessionMs: number, ...looks: Partial<ConsumerHealth>[]) {
  let at = 0;
  const stable = { state: 'stable', lastHeartbeatAgeMs: 1, partitions: [of] };
  const health = () => ({ ...stable, ...looks[Math.min(at++, looks.length - 1)] });
  const consumer = { health } as unknown as Consumer;
  return new PartitionLease(consumer, sessionMs, realSystem(), new AbortController().signal);
}

test('a partition is ours while heartbeats are answered, and in a rebalance', async () => {
  await lease(100, {}).check(of);
  await lease(100, { state: 'rebalancing', lastHeartbeatAgeMs: 5000 }).check(of);
});

test('a partition that is gone is not written any more', async () => {
  await expect(lease(100, { partitions: [] }).check(of)).rejects.toThrow(/given to another/);
});

test('after standing still, the next answer of the coordinator is waited for', async () => {
  const late = { lastHeartbeatAgeMs: 5000 };
  await lease(1000, late, late, { lastHeartbeatAgeMs: 3 }).check(of);
  const expelled = lease(1000, late, late, { partitions: [] });
  await expect(expelled.check(of)).rejects.toThrow(/given to another/);
  await expect(lease(60, late).check(of)).rejects.toThrow(/does not answer/);
});
