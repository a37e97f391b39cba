import { describe, expect, test } from 'vitest';
import { coordinatorPartition } from '../../bytes/index.js';
import { errnoOf, KafkaError } from '../../errors/index.js';
import { endTxnMarker, RecordBatch, RecordBatchBuilder } from '../../records/index.js';
import type { Logger } from '../../system/index.js';
import { ManualClock, SeededRandom } from '../../system/simulated/index.js';
import type { TopicFacts } from '../metadata/topic-lookup.js';
import type {
  InternalRecord,
  InternalTopic,
  MarkerOfTransaction,
} from '../partition/internal-topic.js';
import { type GroupConfig, groupConfigDefaults } from './group/group-config.js';
import { groupRecordCodec } from './group/group-record-codec.js';
import { GroupCoordinator } from './index.js';
import { reloadBackoffMs } from './runtime/coordinator-shard.js';

/** `__consumer_offsets` in two lists of batches; syncing can be held up, or fail. */
class FakeTopic implements InternalTopic {
  readonly name = '__consumer_offsets';
  readonly batches: Buffer[][] = [];
  /** Called for every append; what it returns is awaited. */
  sync: () => Promise<void> = () => Promise.resolve();
  isReadable = true;
  #offset = 0;

  partitionCount(): number | undefined {
    return this.batches.length === 0 ? undefined : this.batches.length;
  }

  ensure(): Promise<number> {
    while (this.batches.length < 2) this.batches.push([]);
    return Promise.resolve(this.batches.length);
  }

  add(partition: number, batch: Buffer): void {
    this.batches[partition]?.push(batch);
  }

  async append(partition: number, records: readonly InternalRecord[]): Promise<void> {
    const builder = new RecordBatchBuilder({ baseOffset: this.#offset });
    for (const { key, value } of records) builder.append({ timestamp: 0, key, value });
    this.#offset += records.length;
    const batch = builder.build();
    await this.sync();
    this.add(partition, batch);
  }

  async appendMarker(partition: number, { committed, ...producer }: MarkerOfTransaction) {
    const type = committed ? 'commit' : 'abort';
    const batch = endTxnMarker({ ...producer, type, timestamp: 0, baseOffset: this.#offset++ });
    await this.sync();
    this.add(partition, Buffer.from(batch));
  }

  producerEpoch(): number {
    return -1;
  }

  *read(partition: number): Iterable<RecordBatch> {
    if (!this.isReadable) throw new KafkaError('DISK_ERROR');
    for (const batch of this.batches[partition] ?? []) yield new RecordBatch(batch);
  }

  counts(): number[] {
    return this.batches.map((batches) => batches.length);
  }
}

class Setting {
  readonly clock = new ManualClock();
  readonly topic = new FakeTopic();
  readonly errors: string[] = [];
  readonly config: GroupConfig;
  coordinator: GroupCoordinator;
  #onDeleted: (topic: TopicFacts) => void = () => {};

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...groupConfigDefaults, initialRebalanceDelayMs: 0, ...config };
    this.coordinator = this.newCoordinator();
  }

  /** What a restart of the broker does. */
  newCoordinator(): GroupCoordinator {
    const note = (message: string) => void this.errors.push(message);
    const logger: Logger = { debug() {}, info() {}, warn: note, error: note };
    return new GroupCoordinator({
      system: { clock: this.clock, random: new SeededRandom(1) },
      internalTopic: this.topic,
      topics: {
        version: 0,
        all: () => [],
        byName: () => undefined,
        byId: () => undefined,
        onDeleted: (run) => {
          this.#onDeleted = run;
        },
      },
      config: this.config,
      logger,
    });
  }

  deleteTopic(name: string): void {
    this.#onDeleted({ name, id: '', partitionCount: 1, internal: false });
  }

  commit(groupId: string, offset: number, metadata = '', topic = 't') {
    const partition = {
      partitionIndex: 0,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: metadata,
    };
    const nobody = { memberId: '', groupInstanceId: null, retentionTimeMs: -1 };
    const topics = [{ name: topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [partition] }];
    const request = { groupId, generationIdOrMemberEpoch: -1, ...nobody, topics };
    return this.coordinator.commitOffsets(request, 9).then(({ errorCodes }) => errorCodes[0]?.[0]);
  }

  async committed(groupId: string, topic = 't') {
    const topics = [{ name: topic, partitionIndexes: [0] }];
    const who = { groupId, memberId: null, memberEpoch: -1, requireStable: false };
    const answer = await this.coordinator.fetchOffsets({ ...who, topics });
    const errorCode = answer.errorCode || answer.topics[0]?.partitions[0]?.errorCode;
    return errorCode ? { errorCode } : answer.topics[0]?.partitions[0]?.committedOffset;
  }

  join(groupId: string, memberId = '') {
    return this.coordinator.joinGroup(
      {
        groupId,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 20_000,
        memberId,
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from('meta') }],
      },
      { clientId: 'c', clientHost: '/127.0.0.1', version: 3 },
    );
  }

  sync(groupId: string, memberId: string, generationId: number) {
    return this.coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: [{ memberId, assignment: Buffer.from('part') }],
    });
  }
}

/** A promise that is kept when told so. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

const notAvailable = errnoOf('COORDINATOR_NOT_AVAILABLE');
const loading = errnoOf('COORDINATOR_LOAD_IN_PROGRESS');
const notCoordinator = errnoOf('NOT_COORDINATOR');
// Both are kept in partition 1 of 2.
const group = 'a';
const neighbour = 'c';

describe('answers and the log', () => {
  test('the groups of these tests share a partition', () => {
    expect(coordinatorPartition(group, 2)).toBe(1);
    expect(coordinatorPartition(neighbour, 2)).toBe(1);
  });

  test('a commit is answered when it is durable; readers wait for what they read', async () => {
    const setting = new Setting();
    await setting.commit(group, 1);
    const disk = gate();
    setting.topic.sync = () => disk.passed;
    let done = 0;
    const commit = setting.commit(group, 2).then((code) => ((done += 1), code));
    const fetch = setting.committed(group).then((offset) => ((done += 1), offset));
    await setting.clock.settle();
    expect(done).toBe(0);
    disk.open();
    expect(await commit).toBe(0);
    expect(await fetch).toBe(2);
  });

  test('what comes while a batch is being synced goes into the next one, in order', async () => {
    const setting = new Setting();
    await setting.commit(group, 0);
    const disk = gate();
    setting.topic.sync = () => disk.passed;
    const commits = [setting.commit(group, 1), setting.commit(neighbour, 1)];
    await setting.clock.settle();
    for (let offset = 2; offset <= 50; offset++) commits.push(setting.commit(group, offset));
    await setting.clock.settle();
    disk.open();
    expect(new Set(await Promise.all(commits))).toEqual(new Set([0]));
    expect(setting.topic.counts()).toEqual([0, 3]);
    setting.coordinator = setting.newCoordinator();
    await setting.coordinator.start();
    expect(await setting.committed(group)).toBe(50);
  });

  test('when a batch cannot be written nobody is told it was; the log is read again', async () => {
    const setting = new Setting();
    await setting.commit(group, 1);
    setting.topic.sync = () => Promise.reject(new KafkaError('DISK_FULL'));
    const answers = [setting.commit(group, 2), setting.committed(group), setting.commit(group, 3)];
    expect(await Promise.all(answers)).toEqual([
      notAvailable,
      { errorCode: notAvailable },
      notAvailable,
    ]);
    expect(await setting.committed(group)).toEqual({ errorCode: loading });
    setting.topic.sync = () => Promise.resolve();
    await setting.clock.advance(reloadBackoffMs);
    expect(await setting.committed(group)).toBe(1);
    expect(await setting.commit(group, 4)).toBe(0);
    expect(await setting.committed(group)).toBe(4);
    expect(setting.errors.join()).toContain('__consumer_offsets-1: a write failed');
  });

  test('a request too large for a batch fails alone', async () => {
    const setting = new Setting();
    const topics = Array.from({ length: 300 }, (_, at) => ({
      name: `t${at}`,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      partitions: [
        {
          partitionIndex: 0,
          committedOffset: 1,
          committedLeaderEpoch: -1,
          committedMetadata: 'x'.repeat(4000),
        },
      ],
    }));
    const nobody = { memberId: '', groupInstanceId: null, retentionTimeMs: -1 };
    const request = { groupId: group, generationIdOrMemberEpoch: -1, ...nobody, topics };
    const { errorCodes } = await setting.coordinator.commitOffsets(request, 9);
    expect(new Set(errorCodes.flat())).toEqual(new Set([errnoOf('INVALID_COMMIT_OFFSET_SIZE')]));
    expect(await setting.committed(group)).toBe(-1);
    expect(await setting.commit(group, 2)).toBe(0);
    expect(setting.errors).toEqual([]);
  });

  test('who waits in a rebalance is sent away when the log fails, and can come back', async () => {
    const setting = new Setting();
    const joining = setting.join(group);
    await setting.clock.advance(0);
    const { memberId } = await joining;
    await setting.sync(group, memberId, 1);
    const parked = setting.join(group);
    await setting.clock.settle();
    setting.topic.sync = () => Promise.reject(new KafkaError('DISK_FULL'));
    await setting.commit(neighbour, 1);
    expect((await parked).errorCode).toBe(notAvailable);
    setting.topic.sync = () => Promise.resolve();
    await setting.clock.advance(reloadBackoffMs);
    const { groupState } = await setting.coordinator.describeGroup(group);
    expect(groupState).toBe('Stable');
    const heartbeat = { groupId: group, memberId, generationId: 1, groupInstanceId: null };
    expect(await setting.coordinator.heartbeat(heartbeat)).toEqual({ errorCode: 0 });
  });
});

describe('starting and stopping', () => {
  test('while its partition is read a group is told so, and afterwards it is there', async () => {
    const setting = new Setting();
    for (let offset = 0; offset < 100; offset++) {
      await setting.commit(group, offset, 'x'.repeat(4096));
    }
    await setting.commit(group, 7);
    setting.coordinator = setting.newCoordinator();
    const started = setting.coordinator.start();
    expect(await setting.committed(group)).toEqual({ errorCode: loading });
    expect(await setting.coordinator.listGroups({ states: [], types: [] })).toEqual({
      errorCode: loading,
      groups: [],
    });
    await started;
    expect(await setting.committed(group)).toBe(7);
  });

  test('a partition that cannot be read is tried again', async () => {
    const setting = new Setting();
    await setting.commit(group, 7);
    setting.topic.isReadable = false;
    setting.coordinator = setting.newCoordinator();
    await setting.coordinator.start();
    expect(await setting.committed(group)).toEqual({ errorCode: notAvailable });
    setting.topic.isReadable = true;
    await setting.clock.advance(reloadBackoffMs);
    expect(await setting.committed(group)).toBe(7);
  });

  test('sessions count from the moment the group was read, on the clock given', async () => {
    const setting = new Setting();
    const joining = setting.join(group);
    await setting.clock.advance(0);
    const { memberId } = await joining;
    await setting.sync(group, memberId, 1);
    setting.coordinator = setting.newCoordinator();
    await setting.coordinator.start();
    await setting.clock.advance(9_999);
    expect((await setting.coordinator.describeGroup(group)).members).toHaveLength(1);
    await setting.clock.advance(1);
    expect((await setting.coordinator.describeGroup(group)).groupState).toBe('Empty');
  });

  test('closing answers those who wait and leaves no timer', async () => {
    const setting = new Setting();
    const first = setting.join(group);
    await setting.clock.advance(0);
    const second = setting.join(group);
    await first;
    await setting.coordinator.close();
    expect((await second).errorCode).toBe(notCoordinator);
    expect(await setting.commit(group, 1)).toBe(notCoordinator);
    expect(setting.clock.pendingTimers).toBe(0);
  });

  test('nothing is created for somebody who only lists groups', async () => {
    const setting = new Setting();
    await setting.coordinator.start();
    const listed = await setting.coordinator.listGroups({ states: [], types: [] });
    expect(listed).toEqual({ errorCode: 0, groups: [] });
    expect(setting.topic.partitionCount()).toBeUndefined();
  });
});

describe('topics that go', () => {
  test('take the offsets committed for them along', async () => {
    const setting = new Setting();
    await setting.commit(group, 1, '', 'gone');
    await setting.commit(group, 2, '', 'stays');
    setting.deleteTopic('gone');
    await setting.clock.settle();
    expect(await setting.committed(group, 'gone')).toBe(-1);
    expect(await setting.committed(group, 'stays')).toBe(2);
  });

  test('and with the offsets topic itself everything is forgotten', async () => {
    const setting = new Setting();
    await setting.commit(group, 1);
    setting.topic.batches.length = 0;
    setting.deleteTopic('__consumer_offsets');
    expect(await setting.committed(group)).toBe(-1);
    expect(await setting.commit(group, 2)).toBe(0);
  });
});

describe('what Apache Kafka may have written', () => {
  test('offsets of a transaction count from its marker on', async () => {
    const setting = new Setting();
    await setting.topic.ensure();
    const value = {
      offset: 9,
      leaderEpoch: -1,
      metadata: '',
      commitTimestamp: 0,
      expireTimestamp: undefined,
      topicId: undefined,
    };
    const transactional = (producerId: number, groupId: string) => {
      const producer = { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true };
      const builder = new RecordBatchBuilder({ producer });
      const record = groupRecordCodec.encode({
        kind: 'offset',
        groupId,
        topic: 't',
        partition: 0,
        value,
      });
      builder.append({ timestamp: 0, ...record });
      return builder.build();
    };
    const marker = (producerId: number, type: 'commit' | 'abort') =>
      endTxnMarker({ producerId, type, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 });
    setting.topic.add(1, transactional(1, group));
    setting.topic.add(1, transactional(2, neighbour));
    setting.topic.add(1, marker(1, 'commit'));
    setting.topic.add(1, marker(2, 'abort'));
    await setting.coordinator.start();
    expect(await setting.committed(group)).toBe(9);
    expect(await setting.committed(neighbour)).toBe(-1);
  });
});
