import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../runtime/machine.js';
import { Outcome, type Ticket } from '../../runtime/outcome.js';
import { TimerTable } from '../../runtime/timer-table.js';
import type { Assignment } from '../consumer/assignment.js';
import type { HashedTopic } from '../consumer/metadata-hash.js';
import { groupConfigDefaults } from '../group-config.js';
import { GroupMachine } from '../group-machine.js';
import { groupRecordCodec } from '../group-record-codec.js';
import type { GroupRecord } from '../group-records.js';
import type { ShareHeartbeatResult, ShareTopicPartitions } from './share-messages.js';
import { assignSimple } from './simple-assignor.js';

const groupId = 'g';
const origin = { clientId: 'c', clientHost: '/127.0.0.1', version: 1 };
const sessionTimeoutMs = 45_000;

class World {
  readonly log: LogRecord[] = [];
  readonly timers = new TimerTable<GroupRecord>();
  readonly topics = new Map<string, HashedTopic>();
  readonly epochs = new Map<number, number>();
  readonly machine: GroupMachine;
  topicsVersion = 0;
  elapsed = 0;

  constructor() {
    this.machine = this.newMachine(this.timers);
    this.execute((outcome) => this.machine.loaded(outcome, 0));
  }

  newMachine(timers: TimerTable<GroupRecord>): GroupMachine {
    const share = { ...groupConfigDefaults.share, assignmentIntervalMs: 10 };
    return new GroupMachine({
      timers,
      config: { ...groupConfigDefaults, share },
      newUuid: () => 'uuid',
      newMemberId: () => 'id',
      catalog: {
        version: () => this.topicsVersion,
        byName: (name) => this.topics.get(name),
        byId: (id) => [...this.topics.values()].find((topic) => topic.id === id),
        names: () => this.topics.keys(),
      },
      timesOf: () => ({}),
    });
  }

  execute(operation: (outcome: Outcome<GroupRecord>) => void): unknown {
    this.timers.setNow(this.elapsed);
    const outcome = new Outcome<GroupRecord>();
    operation(outcome);
    for (const { record, noted } of outcome.records) {
      this.log.push(groupRecordCodec.encode(record));
      if (!noted) this.machine.replay(record);
    }
    return outcome.answers[0]?.response;
  }

  setTopic(name: string, partitionCount: number): void {
    this.topicsVersion += 1;
    const before = this.topics.get(name);
    if (partitionCount > 0) {
      const text = `${name}--${this.topicsVersion}`.padEnd(16, '-');
      const id = before?.id ?? Buffer.from(text).toString('base64url');
      const grown = Math.max(before?.partitionCount ?? 0, partitionCount);
      this.topics.set(name, { name, id, partitionCount: grown });
    } else if (before !== undefined) {
      this.topics.delete(name);
      const ticket: Ticket<string[]> = { number: 1 };
      this.execute((outcome) =>
        this.machine.shares.offsets.forgetTopic(before.id, ticket, outcome),
      );
    }
  }

  beat(seat: number, memberEpoch: number, names: readonly string[] | null): ShareHeartbeatResult {
    const request = {
      groupId,
      memberId: `m${seat}`,
      memberEpoch,
      rackId: null,
      subscribedTopicNames: names,
    };
    const ticket: Ticket<ShareHeartbeatResult> = { number: 1 };
    const result = this.execute((outcome) =>
      this.machine.shares.membership.heartbeat(request, origin, ticket, outcome, this.elapsed),
    ) as ShareHeartbeatResult;
    const { errorCode, memberEpoch: epoch } = result.answer;
    if (errorCode !== 0 || memberEpoch < 0) this.epochs.delete(seat);
    else this.epochs.set(seat, epoch);
    return result;
  }

  /** The states of partitions are made. */
  initialize(topics: readonly ShareTopicPartitions[]): void {
    const ticket: Ticket<boolean> = { number: 1 };
    this.execute((outcome) =>
      this.machine.shares.offsets.initialized(groupId, topics, ticket, outcome),
    );
  }

  /** What the members of the group have. */
  get assigned(): Map<string, Assignment> {
    const group = this.machine.shares.get(groupId);
    return new Map(
      Array.from(group?.members() ?? [], ({ memberId, assigned }) => [memberId, assigned]),
    );
  }

  advance(ms: number): void {
    const target = this.elapsed + ms;
    for (let next = this.timers.earliest(); next !== undefined && next <= target; ) {
      this.elapsed = Math.max(this.elapsed, next);
      this.timers.setNow(this.elapsed);
      const due = this.timers.takeDue();
      if (due !== undefined) this.execute((outcome) => due(outcome, this.elapsed));
      next = this.timers.earliest();
    }
    this.elapsed = target;
  }

  /** A machine that reads the log is the one that wrote it. */
  checkReplay(): void {
    const again = this.newMachine(new TimerTable<GroupRecord>());
    for (const bytes of this.log) {
      const record = groupRecordCodec.decode(bytes);
      if (record !== undefined) again.replay(record);
    }
    const live = this.machine.shares.get(groupId);
    const read = again.shares.get(groupId);
    expect(again.shares.describe(groupId)).toEqual(this.machine.shares.describe(groupId));
    expect(read?.metadataHash).toBe(live?.metadataHash);
    expect(read?.topics).toEqual(live?.topics);
    expect([...(read?.members() ?? [])]).toEqual([...(live?.members() ?? [])]);
  }
}

const seat = fc.nat(3);
const names = fc.constantFrom<(readonly string[])[]>(['a'], ['a', 'b'], ['b']);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), seat, names }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('beat' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), seat, names }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), seat }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('make' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('topic' as const),
      name: fc.constantFrom('a', 'b'),
      count: fc.nat(4),
    }),
  },
);

function play(world: World, one: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
  if (one.do === 'wait') return world.advance(one.ms);
  if (one.do === 'topic') return world.setTopic(one.name, one.count);
  if (one.do === 'join') {
    world.beat(one.seat, 0, one.names);
    return;
  }
  const epoch = world.epochs.get(one.seat);
  if (epoch === undefined) return;
  if (one.do === 'leave') world.beat(one.seat, -1, null);
  else if (one.do === 'subscribe') world.beat(one.seat, epoch, one.names);
  else {
    const { wanted } = world.beat(one.seat, epoch, null);
    if (one.do === 'make' && wanted !== undefined) world.initialize(wanted.topics);
  }
}

describe('a share group', () => {
  test('can be read back, and gives everybody something once it rests', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        world.setTopic('a', 3);
        for (const one of steps) play(world, one);
        world.checkReplay();
        for (let round = 0; round < 4; round++) {
          for (const [member, epoch] of world.epochs) {
            const { wanted } = world.beat(member, epoch, null);
            if (wanted !== undefined) world.initialize(wanted.topics);
          }
          world.advance(100);
        }
        world.checkReplay();
        checkAtRest(world);
      }),
      { numRuns: 150 },
    );
  });

  test('does not give a partition to anybody before its state is made', () => {
    const world = new World();
    world.setTopic('a', 2);
    const { answer, wanted } = world.beat(1, 0, ['a']);
    expect(answer).toMatchObject({ memberEpoch: 2, assignment: { topicPartitions: [] } });
    expect(wanted?.topics[0]?.partitions).toEqual([0, 1]);
    const topics = world.machine.shares.get(groupId)?.topics;
    expect([topics?.initializing.size, topics?.initialized.size]).toEqual([1, 0]);
    world.initialize(wanted?.topics ?? []);
    expect(world.beat(1, 2, null).answer).toMatchObject({ memberEpoch: 3 });
    expect(world.assigned.get('m1')?.size).toBe(1);
  });

  test('takes a silent member out, and lets go a group that is buried', () => {
    const world = new World();
    world.setTopic('a', 1);
    world.beat(1, 0, ['a']);
    world.advance(sessionTimeoutMs - 1);
    expect(world.machine.shares.describe(groupId)).toMatchObject({ groupState: 'Stable' });
    world.advance(1);
    expect(world.machine.shares.describe(groupId)).toMatchObject({ groupState: 'Empty' });
    world.execute((outcome) =>
      world.machine.shares.offsets.endBury(groupId, { number: 1 }, outcome),
    );
    expect(world.machine.shares.has(groupId)).toBe(false);
    world.checkReplay();
  });
});

/** All partitions of topics that are read are read by somebody, and nobody goes without. */
function checkAtRest(world: World): void {
  const group = world.machine.shares.get(groupId);
  const members = [...(group?.members() ?? [])];
  for (const { name, id, partitionCount } of world.topics.values()) {
    const isRead = members.some(({ topicNames }) => topicNames.includes(name));
    if (!isRead) continue;
    const covered = new Set(members.flatMap(({ assigned }) => assigned.get(id) ?? []));
    expect(covered.size, `all of ${name}`).toBe(partitionCount);
  }
  for (const { topicNames, assigned, memberId } of members) {
    const canRead = topicNames.some((name) => world.topics.has(name));
    expect(assigned.size > 0, memberId).toBe(canRead);
  }
}

describe('the simple assignor', () => {
  const member = (
    memberId: string,
    topicIds: readonly string[],
    current: Assignment = new Map(),
  ) => ({
    memberId,
    topicIds: new Set(topicIds),
    current,
  });

  test('divides evenly, keeps what it can, and shares what is too little for all', () => {
    const ten = (members: ReturnType<typeof member>[], count: number) =>
      [...assignSimple({ members, partitionCountOf: () => count }).values()].map(
        (assignment) => assignment.get('t')?.length ?? 0,
      );
    expect(ten([member('a', ['t']), member('b', ['t'])], 5)).toEqual([3, 2]);
    const everything = new Map([['t', [0, 1, 2, 3]]]);
    expect(ten([member('a', ['t'], everything), member('b', ['t'])], 4)).toEqual([2, 2]);
    expect(ten([member('a', ['t']), member('b', ['t']), member('c', ['t'])], 1)).toEqual([1, 1, 1]);
  });
});
