import { describe, expect, test } from 'vitest';
import { FakeCluster, rest } from '../../../test/fakes/fake-cluster.js';
import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { CommitIdentity, GroupOffsets, TopicPartitionOffset } from './group-offsets.js';
import { OffsetCommits } from './offset-commits.js';
import { SubscriptionState } from './subscription-state.js';

/** A member of generation 1; the first commit meets the rebalance that leads to generation 2. */
function bench() {
  const cluster = new FakeCluster();
  const subscription = new SubscriptionState();
  subscription.add([0, 1].map((partition) => ({ topic: 'orders', partition })));
  let identity: CommitIdentity = { memberId: 'me', generationId: 1 } as CommitIdentity;
  const tried: string[][] = [];
  const committed: string[] = [];
  const named = (offsets: readonly TopicPartitionOffset[]) =>
    offsets.map(({ partition, offset }) => `${partition}@${offset}`);
  const offsets = {
    async commit(open: readonly TopicPartitionOffset[], by: CommitIdentity) {
      tried.push(named(open));
      if (by.generationId === 1) throw new KafkaError('ILLEGAL_GENERATION');
    },
  };
  const commits = new OffsetCommits(
    cluster as unknown as Cluster,
    'billing',
    offsets as unknown as GroupOffsets,
    subscription,
    {
      identity: () => identity,
      isJoining: () => identity.generationId === 1,
      refused: () => undefined,
      troubled: () => undefined,
      committed: (taken) => void committed.push(...named(taken)),
    },
  );
  /** The rebalance takes partitions away and is over. */
  const rebalance = async (...lost: number[]) => {
    await rest();
    subscription.remove(lost.map((partition) => ({ topic: 'orders', partition })));
    identity = { ...identity, generationId: 2 };
    await cluster.clock.advance(1000);
  };
  return { commits, rebalance, tried, committed };
}

const both = [
  { topic: 'orders', partition: 0, offset: 5 },
  { topic: 'orders', partition: 1, offset: 7 },
];

describe('a commit that meets a rebalance', () => {
  test('goes on in the new generation with what is still held', async () => {
    const { commits, rebalance, tried, committed } = bench();
    const done = commits.exactly(both);
    await rebalance();
    await done;
    expect(tried).toEqual([
      ['0@5', '1@7'],
      ['0@5', '1@7'],
    ]);
    expect(committed).toEqual(['0@5', '1@7']);
  });

  test('fails where all it is about went to others', async () => {
    const { commits, rebalance, committed } = bench();
    const done = commits.exactly(both.slice(0, 1));
    const failure = expect(done).rejects.toMatchObject({
      code: 'ILLEGAL_GENERATION',
      context: { topic: 'orders', partition: 0, group: 'billing' },
    });
    await rebalance(0);
    await failure;
    expect(committed).toEqual([]);
  });

  test('fails where a part went to others, and commits the rest', async () => {
    const { commits, rebalance, committed } = bench();
    const done = commits.exactly(both);
    const failure = expect(done).rejects.toMatchObject({ context: { partition: 1 } });
    await rebalance(1);
    await failure;
    expect(committed).toEqual(['0@5']);
  });
});
