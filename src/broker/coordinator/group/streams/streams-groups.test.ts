import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../runtime/machine.js';
import { Outcome } from '../../runtime/outcome.js';
import { TimerTable } from '../../runtime/timer-table.js';
import { groupConfigDefaults } from '../group-config.js';
import { GroupMachine } from '../group-machine.js';
import { groupRecordCodec } from '../group-record-codec.js';
import type { GroupRecord } from '../group-records.js';
import type { StreamsHeartbeatAnswer } from './streams-messages.js';
import type { TaskIds } from './tasks.js';

const topics = ['in', 'store'].map((name, at) => ({
  name,
  id: `AAAAAAAAAAAAAAAAAAAAA${at}`,
  partitionCount: 5,
}));
const catalog = {
  version: () => 1,
  byName: (name: string) => topics.find((topic) => topic.name === name),
  byId: (id: string) => topics.find((topic) => topic.id === id),
  names: () => topics.map(({ name }) => name),
};
const topology = {
  epoch: 0,
  subtopologies: [
    {
      subtopologyId: '0',
      sourceTopics: ['in'],
      sourceTopicRegex: [],
      stateChangelogTopics: [
        { name: 'store', partitions: 0, replicationFactor: 0, topicConfigs: [] },
      ],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
      copartitionGroups: [],
    },
  ],
};
const config = {
  ...groupConfigDefaults,
  streams: { ...groupConfigDefaults.streams, initialRebalanceDelayMs: 100, standbyReplicas: 1 },
};

interface Seat {
  readonly memberId: string;
  readonly processId: string;
  epoch: number;
  active: readonly TaskIds[];
  standby: readonly TaskIds[];
}

/** One group and the threads of an application, which do as they are told. */
class World {
  readonly log: LogRecord[] = [];
  readonly timers = new TimerTable<GroupRecord>();
  readonly machine = machineOf(this.timers);
  readonly seats: Seat[] = Array.from({ length: 5 }, (_, at) => ({
    memberId: `m${at}`,
    processId: `p${at % 3}`,
    epoch: 0,
    active: [],
    standby: [],
  }));
  now = 1_000_000;

  execute<T>(operation: (outcome: Outcome<GroupRecord>) => void): T | undefined {
    this.timers.setNow(this.now);
    const outcome = new Outcome<GroupRecord>();
    operation(outcome);
    for (const { record, noted } of outcome.records) {
      this.log.push(groupRecordCodec.encode(record));
      if (!noted) this.machine.replay(record);
    }
    return outcome.answers[0]?.response as T | undefined;
  }

  advance(ms: number): void {
    const target = this.now + ms;
    for (let next = this.timers.earliest(); next !== undefined && next <= target; ) {
      this.now = Math.max(this.now, next);
      this.timers.setNow(this.now);
      const due = this.timers.takeDue();
      if (due !== undefined) this.execute((outcome) => due(outcome, this.now));
      next = this.timers.earliest();
    }
    this.now = target;
  }

  beat(seat: Seat, isSilent = false): void {
    const isJoining = seat.epoch === 0;
    const request = {
      groupId: 'g',
      memberId: seat.memberId,
      memberEpoch: seat.epoch,
      endpointInformationEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: isJoining ? 20_000 : -1,
      topology: isJoining ? topology : null,
      activeTasks: isSilent && !isJoining ? null : seat.active,
      standbyTasks: isSilent && !isJoining ? null : seat.standby,
      warmupTasks: isSilent && !isJoining ? null : [],
      processId: isJoining ? seat.processId : null,
      userEndpoint: null,
      clientTags: null,
      taskOffsets: null,
      taskEndOffsets: null,
      shutdownApplication: false,
    };
    const origin = { clientId: 'c', clientHost: '/h', version: 0 };
    const answer = this.execute<StreamsHeartbeatAnswer>((outcome) =>
      this.machine.streams.membership.heartbeat(request, origin, { number: 1 }, outcome, this.now),
    );
    if (answer?.errorCode !== 0) return forget(seat);
    seat.epoch = answer.memberEpoch;
    seat.active = answer.activeTasks ?? seat.active;
    seat.standby = answer.standbyTasks ?? seat.standby;
  }

  leave(seat: Seat): void {
    const epoch = seat.epoch;
    if (epoch === 0) return;
    seat.epoch = -1;
    this.beat(seat, true);
    forget(seat);
  }
}

function machineOf(timers: TimerTable<GroupRecord>): GroupMachine {
  const newUuid = () => 'u';
  const surroundings = { newMemberId: newUuid, catalog, timesOf: () => ({}) };
  return new GroupMachine({ timers, config, newUuid, ...surroundings });
}

function forget(seat: Seat): void {
  Object.assign(seat, { epoch: 0, active: [], standby: [] });
}

function replayed(log: readonly LogRecord[]): GroupMachine {
  const machine = machineOf(new TimerTable());
  for (const bytes of log) {
    const record = groupRecordCodec.decode(bytes);
    if (record !== undefined) machine.replay(record);
  }
  return machine;
}

function stateOf(machine: GroupMachine) {
  const group = machine.streams.get('g');
  if (group === undefined) return undefined;
  const { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs } = group;
  const { assignmentEpoch, assignedAt, state } = group;
  return {
    ...{ epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs },
    ...{ assignmentEpoch, assignedAt, state, topology: group.topology },
    members: [...group.members()],
    targets: Array.from(group.members(), ({ memberId }) => group.target(memberId)),
  };
}

type Step = readonly ['beat' | 'silent' | 'leave' | 'forget', number] | readonly ['wait', number];
const seatAt = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom('beat' as const, 'beat', 'silent'), seatAt) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('leave' as const, 'forget'), seatAt) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(50, 1000, 5000, 50_000)),
  },
);
const steps = fc.array(step, { minLength: 10, maxLength: 80, size: 'max' });

function play(world: World, [what, number]: Step): void {
  if (what === 'wait') return world.advance(number);
  const seat = world.seats[number];
  if (seat === undefined) return;
  if (what === 'leave') world.leave(seat);
  else if (what === 'forget') forget(seat);
  else world.beat(seat, what === 'silent');
}

const keysOf = (ids: readonly TaskIds[]) =>
  ids.flatMap(({ subtopologyId, partitions }) =>
    partitions.map((one) => `${subtopologyId}_${one}`),
  );

/** A task runs once in the group, and is copied to no process that has it already. */
function expectNoneTwice(machine: GroupMachine): void {
  const group = machine.streams.get('g');
  const active: string[] = [];
  const held = new Map<string, Set<string>>();
  for (const { processId, assigned, revoking } of group?.members() ?? []) {
    const own = held.get(processId) ?? new Set();
    held.set(processId, own);
    for (const { active: running, standby } of [assigned, revoking]) {
      const ids = [...running].flatMap(([id, epochs]) =>
        [...epochs.keys()].map((p) => `${id}_${p}`),
      );
      active.push(...ids);
      const copies = [...standby].flatMap(([id, list]) => list.map((p) => `${id}_${p}`));
      for (const key of [...ids, ...copies]) {
        expect(own.has(key), `${processId} has ${key} twice`).toBe(false);
        own.add(key);
      }
    }
  }
  expect(new Set(active).size).toBe(active.length);
}

describe('a streams group', () => {
  test('is the same after a replay of its log, and runs no task twice', () => {
    let assigned = 0;
    fc.assert(
      fc.property(steps, (run) => {
        const world = new World();
        for (const next of run) {
          play(world, next);
          expectNoneTwice(world.machine);
          if (world.seats.some(({ standby }) => standby.length > 0)) assigned++;
        }
        expect(stateOf(replayed(world.log))).toEqual(stateOf(world.machine));
      }),
      { numRuns: 150 },
    );
    expect(assigned, 'steps with standbys').toBeGreaterThan(200);
  });

  test('comes to rest with every task running and copied when its members carry on', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 5 }), (run, size) => {
        const world = new World();
        for (const next of run) play(world, next);
        const seats = world.seats.slice(0, size);
        for (const seat of world.seats.slice(size)) world.leave(seat);
        for (let round = 0; round < 40; round++) {
          world.advance(1500);
          for (const seat of seats) world.beat(seat);
        }
        // Members that were forgotten are gone by now, for their sessions are over.
        const all = ['0_0', '0_1', '0_2', '0_3', '0_4'];
        expect(seats.flatMap(({ active }) => keysOf(active)).sort()).toEqual(all);
        expect(seats.flatMap(({ standby }) => keysOf(standby)).sort()).toEqual(all);
        expect(world.machine.streams.get('g')?.state).toBe('Stable');
      }),
      { numRuns: 100 },
    );
  });
});
