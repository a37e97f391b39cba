import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../runtime/machine.js';
import { Outcome, type Ticket } from '../runtime/outcome.js';
import { TimerTable } from '../runtime/timer-table.js';
import type { ClassicGroup } from './classic-group.js';
import { groupConfigDefaults } from './group-config.js';
import { GroupMachine } from './group-machine.js';
import type { JoinGroupAnswer } from './group-messages.js';
import { groupRecordCodec } from './group-record-codec.js';
import type { GroupRecord } from './group-records.js';

const noTopics = {
  version: () => 0,
  byName: () => undefined,
  byId: () => undefined,
  names: () => [],
};
const surroundings = { newMemberId: () => 'id', catalog: noTopics, timesOf: () => ({}) };
const config = { ...groupConfigDefaults, groupSizeMax: 4, initialRebalanceDelayMs: 100 };

/** A machine with everybody who uses it: members that remember what they were told. */
class World {
  readonly log: LogRecord[] = [];
  readonly timers = new TimerTable<GroupRecord>();
  readonly machine: GroupMachine;
  /** Tickets that have no answer yet. */
  readonly open = new Map<number, (response: unknown) => void>();
  /** What the client in each seat was told last. */
  readonly seats = new Map<number, { memberId: string; generation: number }>();
  elapsed = 0;
  #tickets = 0;
  #uuids = 0;

  constructor() {
    const newUuid = () => `${++this.#uuids}`;
    this.machine = new GroupMachine({ timers: this.timers, config, newUuid, ...surroundings });
    this.execute((outcome) => this.machine.loaded(outcome, 0));
  }

  ask<T>(
    operation: (outcome: Outcome<GroupRecord>, ticket: Ticket<T>) => void,
    onAnswer: (answer: T) => void = () => {},
  ): void {
    const number = ++this.#tickets;
    this.open.set(number, onAnswer as (response: unknown) => void);
    this.execute((outcome) => operation(outcome, { number }));
  }

  execute(operation: (outcome: Outcome<GroupRecord>) => void): void {
    this.timers.setNow(this.elapsed);
    const outcome = new Outcome<GroupRecord>();
    operation(outcome);
    for (const { record, noted } of outcome.records) {
      this.log.push(groupRecordCodec.encode(record));
      if (!noted) this.machine.replay(record);
    }
    for (const { to, response } of outcome.answers) {
      const onAnswer = this.open.get(to.number);
      expect(onAnswer, 'a ticket is answered once').toBeDefined();
      this.open.delete(to.number);
      onAnswer?.(response);
    }
  }

  advance(ms: number): void {
    const target = this.elapsed + ms;
    for (;;) {
      const next = this.timers.earliest();
      if (next === undefined || next > target) break;
      this.elapsed = Math.max(this.elapsed, next);
      this.timers.setNow(this.elapsed);
      const due = this.timers.takeDue();
      if (due !== undefined) this.execute((outcome) => due(outcome, this.elapsed));
    }
    this.elapsed = target;
  }

  /** What a new machine makes of the log. */
  replayed(): GroupMachine {
    const machine = new GroupMachine({
      timers: new TimerTable(),
      config,
      newUuid: () => '',
      ...surroundings,
    });
    for (const bytes of this.log) {
      const record = groupRecordCodec.decode(bytes);
      if (record !== undefined) machine.replay(record);
    }
    return machine;
  }
}

type Step =
  | { do: 'join'; seat: number; protocols: number; isStatic: boolean }
  | { do: 'sync' | 'heartbeat' | 'leave' | 'commit' | 'rejoin'; seat: number }
  | { do: 'delete' }
  | { do: 'delete-offsets' }
  | { do: 'forget' }
  | { do: 'advance'; ms: number };

const seat = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      seat,
      protocols: fc.nat({ max: 2 }),
      isStatic: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'sync',
        'sync',
        'sync',
        'heartbeat',
        'leave',
        'commit',
        'rejoin' as const,
      ),
      seat,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('delete', 'delete-offsets', 'forget' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 100, 100, 100, 3000, 10_000, 700_000),
    }),
  },
);

const steps = fc.array(step, { minLength: 10, maxLength: 120, size: 'max' });

const allSeats = [0, 1, 2, 3];
const everybodyJoins: Step[] = [
  { do: 'advance', ms: 700_000 },
  ...[...allSeats, ...allSeats].map((one) => ({ do: 'rejoin' as const, seat: one })),
  { do: 'advance', ms: 1000 },
  ...allSeats.map((one) => ({ do: 'sync' as const, seat: one })),
];

const protocolSets = [['range'], ['range', 'sticky'], ['sticky', 'range']];

/** Two groups share the seats: even ones are in `even`, odd ones in `odd`. */
const groupOfSeat = (number: number) => (number % 2 === 0 ? 'even' : 'odd');

function join(world: World, number: number, protocols: number, instance: string | null): void {
  const known = instance === null ? (world.seats.get(number)?.memberId ?? '') : '';
  const request = {
    groupId: groupOfSeat(number),
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 15_000,
    memberId: known,
    groupInstanceId: instance,
    protocolType: 'consumer',
    protocols: (protocolSets[protocols] ?? ['range']).map((name) => ({
      name,
      metadata: Buffer.from('000000000001000174ffffffff', 'hex'),
    })),
  };
  const origin = { clientId: 'c', clientHost: '/h', version: number === 0 ? 3 : 9 };
  world.ask<JoinGroupAnswer>(
    (outcome, ticket) =>
      world.machine.joining.join(request, origin, ticket, outcome, world.elapsed),
    (answer) => {
      if (answer.errorCode === 0 || answer.errorCode === 79) {
        world.seats.set(number, { memberId: answer.memberId, generation: answer.generationId });
      } else {
        world.seats.delete(number);
      }
    },
  );
}

function play(world: World, next: Step): void {
  const { machine } = world;
  const now = world.elapsed;
  if (next.do === 'advance') return world.advance(next.ms);
  if (next.do === 'delete') {
    return world.ask((outcome, ticket: Ticket<never>) =>
      machine.directory.delete('even', ticket, outcome),
    );
  }
  const topics = [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [] }];
  const partitions = [{ partitionIndex: 0 }];
  if (next.do === 'delete-offsets') {
    return world.ask((outcome, ticket: Ticket<never>) =>
      machine.offsets.delete(
        { groupId: 'odd', topics: [{ name: 't', partitions }] },
        ticket,
        outcome,
      ),
    );
  }
  if (next.do === 'forget') {
    return world.ask((outcome, ticket: Ticket<never>) =>
      machine.directory.forgetTopic('t', ticket, outcome),
    );
  }
  const groupId = groupOfSeat(next.seat);
  const { memberId, generation } = world.seats.get(next.seat) ?? { memberId: '', generation: -1 };
  const who = { groupId, memberId, groupInstanceId: null, generationId: generation };
  if (next.do === 'join') {
    return join(world, next.seat, next.protocols, next.isStatic ? `i${next.seat}` : null);
  }
  if (next.do === 'rejoin') return join(world, next.seat, 0, null);
  world.ask((outcome, ticket: Ticket<never>) => {
    if (next.do === 'sync') {
      const assignments = [{ memberId, assignment: Buffer.from(`for ${memberId}`) }];
      const request = { ...who, protocolType: null, protocolName: null, assignments };
      machine.membership.sync(request, ticket, outcome, now);
    } else if (next.do === 'heartbeat') {
      machine.membership.heartbeat(who, ticket, outcome);
    } else if (next.do === 'leave') {
      const members = [{ memberId, groupInstanceId: null }];
      machine.membership.leave({ groupId, members }, ticket, outcome, now);
    } else {
      const offset = {
        partitionIndex: 0,
        committedOffset: now,
        committedLeaderEpoch: 3,
        committedMetadata: 'm',
      };
      const commit = {
        ...who,
        generationIdOrMemberEpoch: generation,
        retentionTimeMs: -1,
        topics: topics.map((topic) => ({ ...topic, partitions: [offset] })),
      };
      machine.offsets.commit(commit, 9, ticket, outcome, now);
    }
  });
}

/** What a crash must not take away: generations that were announced as complete. */
function lasting(group: ClassicGroup) {
  return {
    generation: group.generationId,
    protocolType: group.protocolType,
    protocol: group.protocolName,
    leader: group.leaderId,
    members: Array.from(group.members(), (member) => [
      member.memberId,
      member.groupInstanceId,
      member.assignment.toString(),
      member.metadataFor(group.protocolName).toString('hex'),
    ]),
  };
}

function offsetsOf(machine: GroupMachine) {
  const { offsets } = machine.snapshot();
  return ['even', 'odd'].map((groupId) => [groupId, offsets.get(groupId, 't', 0)]);
}

describe('whatever clients do', () => {
  test('a replay of the log brings back all that is lasting', () => {
    let complete = 0;
    fc.assert(
      fc.property(steps, fc.boolean(), (run, isToSettle) => {
        const world = new World();
        for (const next of run) play(world, next);
        if (isToSettle) for (const next of everybodyJoins) play(world, next);
        const replayed = world.replayed();
        expect(offsetsOf(replayed)).toEqual(offsetsOf(world.machine));
        const again = new Map(replayed.snapshot().groups.map((group) => [group.groupId, group]));
        for (const group of world.machine.snapshot().groups) {
          if (!group.isIn('Stable', 'Empty') || group.protocolType === null) continue;
          if (group.isIn('Stable')) complete += 1;
          const other = again.get(group.groupId);
          expect(other && lasting(other)).toEqual(lasting(group));
          expect(other?.state).toBe(group.state);
        }
      }),
      { numRuns: 300 },
    );
    expect(complete, 'runs that end with a complete generation').toBeGreaterThan(100);
  });

  test('nobody waits for ever, and nobody is answered twice', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const world = new World();
        for (const next of run) play(world, next);
        world.advance(20 * 60_000);
        expect([...world.open.keys()]).toEqual([]);
        for (const group of world.machine.snapshot().groups) {
          expect(group.state).toBe('Empty');
          expect(group.pendingMembers.size).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the group counts its members and those who wait right', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const world = new World();
        const generations = new Map<ClassicGroup, number>();
        for (const next of run) {
          play(world, next);
          for (const group of world.machine.snapshot().groups) {
            const members = [...group.members()];
            expect(group.joiningCount).toBe(members.filter((one) => one.joining).length);
            // While a rebalance is prepared only those who wait count; static members always stay.
            const dynamic = members.filter((one) => !one.isStatic).length;
            if (!group.isIn('PreparingRebalance')) expect(dynamic).toBeLessThanOrEqual(4);
            expect(members.length === 0 || members.some((m) => m.memberId === group.leaderId)).toBe(
              true,
            );
            expect(group.isIn('Empty')).toBe(
              members.length === 0 && !group.isIn('PreparingRebalance'),
            );
            expect(group.generationId).toBeGreaterThanOrEqual(generations.get(group) ?? 0);
            generations.set(group, group.generationId);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('records', () => {
  test('have the bytes that Apache Kafka 4.3.1 was seen to write', () => {
    const offset = groupRecordCodec.encode({
      kind: 'offset',
      groupId: 'simple1',
      topic: 't1',
      partition: 0,
      value: {
        offset: 5,
        leaderEpoch: -1,
        metadata: 'm',
        commitTimestamp: 0x1a1fb9e34a0,
        expireTimestamp: undefined,
        topicId: 'AAECAwQFBgcICQoLDA0ODw',
      },
    });
    expect(offset.key.toString('hex')).toBe('0001000773696d706c6531000274310000' + '0000');
    expect(offset.value?.toString('hex')).toBe(
      '0004' +
        '0000000000000005' +
        'ffffffff' +
        '026d' +
        '000001a1fb9e34a0' +
        '010010' +
        '000102030405060708090a0b0c0d0e0f',
    );
    const group = groupRecordCodec.encode({
      kind: 'classic-group',
      groupId: 'cg',
      value: {
        protocolType: '',
        generation: 0,
        protocol: null,
        leader: null,
        currentStateTimestamp: 1,
        members: [],
      },
    });
    expect(group.key.toString('hex')).toBe('000200026367');
    expect(group.value?.toString('hex')).toBe(
      '0003' + '0000' + '00000000' + 'ffff' + 'ffff' + '0000000000000001' + '00000000',
    );
  });

  test('of kinds that are not known yet are passed over', () => {
    const record = { key: Buffer.from('001200026e31', 'hex'), value: null };
    expect(groupRecordCodec.decode(record)).toBeUndefined();
  });
});
