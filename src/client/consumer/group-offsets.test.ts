import { describe, expect, test } from 'vitest';
import { FakeCluster, rest } from '../../../test/fakes/fake-cluster.js';
import { errnoOf, type ErrorCode } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { GroupOffsets } from './group-offsets.js';

describe('commits', () => {
  const identity = { memberId: 'me', generationId: 4, groupInstanceId: null };
  const offsets = [
    { topic: 'orders', partition: 0, offset: 7, leaderEpoch: 5 },
    { topic: 'orders', partition: 1, offset: 9 },
  ];
  const answer = (...codes: ErrorCode[]) => ({
    topics: [
      {
        name: 'orders',
        topicId: '',
        partitions: codes.map((code, index) => ({
          partitionIndex: index,
          errorCode: errnoOf(code),
        })),
      },
    ],
  });

  test('are sent again for what was refused for a moment, and only that', async () => {
    const cluster = new FakeCluster();
    const commit = new GroupOffsets(cluster as unknown as Cluster, 'g').commit(offsets, identity);
    (await cluster.next('OffsetCommit')).answer(answer('NONE', 'COORDINATOR_LOAD_IN_PROGRESS'));
    await rest();
    await cluster.clock.advance(100);
    const again = await cluster.next('OffsetCommit');
    expect(again.input).toMatchObject({
      memberId: 'me',
      generationIdOrMemberEpoch: 4,
      topics: [
        { partitions: [{ partitionIndex: 1, committedOffset: 9, committedLeaderEpoch: -1 }] },
      ],
    });
    again.answer(answer('NONE', 'NONE'));
    await commit;
  });

  test('of an old generation fail at once', async () => {
    const cluster = new FakeCluster();
    const commit = new GroupOffsets(cluster as unknown as Cluster, 'g').commit(offsets, identity);
    (await cluster.next('OffsetCommit')).answer(answer('ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'));
    await expect(commit).rejects.toMatchObject({ code: 'ILLEGAL_GENERATION' });
  });

  test('end with the last error when the time is up', async () => {
    const cluster = new FakeCluster();
    const group = new GroupOffsets(cluster as unknown as Cluster, 'g');
    const commit = group.commit(offsets, identity, { timeoutMs: 150 });
    const failed = expect(commit).rejects.toMatchObject({ code: 'NOT_COORDINATOR' });
    (await cluster.next('OffsetCommit')).answer(answer('NOT_COORDINATOR', 'NONE'));
    await rest();
    await cluster.clock.advance(100);
    (await cluster.next('OffsetCommit')).answer(answer('NOT_COORDINATOR'));
    await failed;
    expect(cluster.forgotten).toBe(2);
  });
});
