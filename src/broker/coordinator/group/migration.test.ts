import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAssignment, encodeSubscription } from '../../../protocol/internal/index.js';
import type { LogRecord } from '../runtime/machine.js';
import { Outcome, type Ticket } from '../runtime/outcome.js';
import { TimerTable } from '../runtime/timer-table.js';
import type { ConsumerHeartbeatAnswer } from './consumer/consumer-messages.js';
import { groupConfigDefaults } from './group-config.js';
import { GroupMachine } from './group-machine.js';
import type { HeartbeatAnswer, JoinGroupAnswer, SyncGroupAnswer } from './group-messages.js';
import { groupRecordCodec } from './group-record-codec.js';
import type { GroupRecord } from './group-records.js';

const topic = { name: 't', id: 'AAECAwQFBgcICQoLDA0ODw', partitionCount: 5 };
const catalog = {
  version: () => 1,
  byName: (name: string) => (name === topic.name ? topic : undefined),
  byId: (id: string) => (id === topic.id ? topic : undefined),
  names: () => [topic.name],
};
const groupId = 'g';
const config = { ...groupConfigDefaults, initialRebalanceDelayMs: 0 };

interface Seat {
  memberId: string;
  /** Generation of a classic member, epoch of the other kind. */
  epoch: number;
  owned: readonly number[];
  protocol: 'classic' | 'consumer' | 'none';
}

/** One group and applications that speak either protocol to it, as clients do. */
class World {
  readonly log: LogRecord[] = [];
  readonly timers = new TimerTable<GroupRecord>();
  readonly machine = this.#machineOf(this.timers);
  readonly seats: Seat[] = Array.from({ length: 4 }, (_, at) => ({
    memberId: `m${at}`,
    epoch: 0,
    owned: [],
    protocol: 'none',
  }));
  now = 1_000_000;
  #tickets = 0;
  #ids = 0;
  readonly #open = new Map<number, (answer: never) => void>();

  #machineOf(timers: TimerTable<GroupRecord>): GroupMachine {
    const newUuid = () => `u${++this.#ids}`;
    const surroundings = { newMemberId: newUuid, catalog, timesOf: () => ({}) };
    return new GroupMachine({ timers, config, newUuid, ...surroundings });
  }

  replayed(): GroupMachine {
    const machine = this.#machineOf(new TimerTable());
    for (const bytes of this.log) {
      const record = groupRecordCodec.decode(bytes);
      if (record !== undefined) machine.replay(record);
    }
    return machine;
  }

  ask<T>(
    operation: (outcome: Outcome<GroupRecord>, ticket: Ticket<T>) => void,
    onAnswer: (answer: T) => void,
  ): void {
    const number = ++this.#tickets;
    this.#open.set(number, onAnswer);
    this.execute((outcome) => operation(outcome, { number }));
  }

  execute(operation: (outcome: Outcome<GroupRecord>) => void): void {
    this.timers.setNow(this.now);
    const outcome = new Outcome<GroupRecord>();
    operation(outcome);
    for (const { record, noted } of outcome.records) {
      this.log.push(groupRecordCodec.encode(record));
      if (!noted) this.machine.replay(record);
    }
    for (const { to, response } of outcome.answers) {
      const onAnswer = this.#open.get(to.number);
      expect(onAnswer, 'a ticket is answered once').toBeDefined();
      this.#open.delete(to.number);
      onAnswer?.(response as never);
    }
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

  beat(seat: Seat): void {
    const isJoining = seat.protocol !== 'consumer';
    const owned = { topicId: topic.id, partitions: seat.owned };
    const request = {
      groupId,
      memberId: seat.memberId,
      memberEpoch: isJoining ? 0 : seat.epoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: [topic.name],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: isJoining || seat.owned.length === 0 ? [] : [owned],
    };
    const origin = { clientId: 'c', clientHost: '/h', version: 1 };
    this.ask<ConsumerHeartbeatAnswer>(
      (outcome, ticket) =>
        this.machine.consumers.membership.heartbeat(request, origin, ticket, outcome, this.now),
      (answer) => {
        if (answer.errorCode !== 0) return forget(seat);
        const assigned = answer.assignment?.topicPartitions.flatMap((one) => one.partitions);
        const owns = assigned ?? seat.owned;
        Object.assign(seat, { epoch: answer.memberEpoch, owned: owns, protocol: 'consumer' });
      },
    );
  }

  join(seat: Seat): void {
    const ownedPartitions =
      seat.owned.length === 0 ? [] : [{ topic: topic.name, partitions: [...seat.owned] }];
    const metadata = encodeSubscription(3, { topics: [topic.name], ownedPartitions });
    const request = {
      groupId,
      sessionTimeoutMs: 20_000,
      rebalanceTimeoutMs: 10_000,
      memberId: seat.protocol === 'classic' ? seat.memberId : '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'cooperative-sticky', metadata }],
    };
    const origin = { clientId: 'c', clientHost: '/h', version: 3 };
    this.ask<JoinGroupAnswer>(
      (outcome, ticket) => this.machine.joining.join(request, origin, ticket, outcome, this.now),
      (answer) => {
        if (answer.errorCode === 27) return;
        if (answer.errorCode !== 0) return forget(seat);
        const { memberId, generationId: epoch } = answer;
        Object.assign(seat, { memberId, epoch, protocol: 'classic' });
      },
    );
  }

  sync(seat: Seat): void {
    const who = { groupId, memberId: seat.memberId, groupInstanceId: null };
    const request = { ...who, generationId: seat.epoch, protocolType: null, protocolName: null };
    this.ask<SyncGroupAnswer>(
      (outcome, ticket) =>
        this.machine.membership.sync({ ...request, assignments: [] }, ticket, outcome, this.now),
      (answer) => {
        if (answer.errorCode !== 0) return;
        const { assignedPartitions } = decodeAssignment(answer.assignment);
        seat.owned = assignedPartitions.flatMap(({ partitions }) => partitions);
      },
    );
  }

  heartbeat(seat: Seat): void {
    const who = { groupId, memberId: seat.memberId, groupInstanceId: null };
    this.ask<HeartbeatAnswer>(
      (outcome, ticket) =>
        this.machine.membership.heartbeat({ ...who, generationId: seat.epoch }, ticket, outcome),
      (answer) => {
        if (answer.errorCode === 27) this.join(seat);
        else if (answer.errorCode === 25) forget(seat);
      },
    );
  }

  leave(seat: Seat): void {
    const { memberId } = seat;
    const members = [{ memberId, groupInstanceId: null }];
    this.ask(
      (outcome, ticket: Ticket<never>) =>
        this.machine.membership.leave({ groupId, members }, ticket, outcome, this.now),
      () => forget(seat),
    );
  }
}

function forget(seat: Seat): void {
  Object.assign(seat, { epoch: 0, owned: [], protocol: 'none' });
}

/** What a member that behaves does next. */
function carryOn(world: World, seat: Seat): void {
  if (seat.protocol === 'consumer') return world.beat(seat);
  world.heartbeat(seat);
  world.sync(seat);
}

type Step =
  | readonly ['consumer' | 'classic' | 'carry on' | 'leave', number]
  | readonly ['wait', number];
const seatAt = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('consumer' as const, 'classic'), seatAt) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('carry on' as const), seatAt) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('leave' as const), seatAt) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(1, 1000, 5000, 25_000)),
  },
);
const steps = fc.array(step, { minLength: 10, maxLength: 80, size: 'max' });

function play(world: World, [what, number]: Step): void {
  if (what === 'wait') return world.advance(number);
  const seat = world.seats[number];
  if (seat === undefined) return;
  if (what === 'carry on') carryOn(world, seat);
  else if (what === 'leave') world.leave(seat);
  else if (what === 'consumer') world.beat(seat);
  else world.join(seat);
}

function stateOf(machine: GroupMachine) {
  const [group] = machine.consumers.all();
  if (group === undefined) return classicState(machine);
  const { epoch, metadataHash, assignmentEpoch, assignedAt } = group;
  return {
    ...{ epoch, metadataHash, assignmentEpoch, assignedAt },
    members: [...group.members()].sort((a, b) => (a.memberId < b.memberId ? -1 : 1)),
    targets: new Map(group.targets()),
  };
}

/** Of a classic group only a complete generation lasts. */
function classicState(machine: GroupMachine) {
  const [group] = machine.snapshot().groups;
  if (group?.isIn('Stable') !== true) return undefined;
  const members = Array.from(group.members(), (member) => [
    member.memberId,
    member.assignment.toString('hex'),
  ]);
  return { generation: group.generationId, leader: group.leaderId, members };
}

describe('a group whose members speak both protocols', () => {
  test('is the same after a replay of its log, and gives no partition to two', () => {
    const seen = { mixed: 0, upgraded: 0, downgraded: 0 };
    fc.assert(
      fc.property(steps, (run) => {
        const world = new World();
        let wasConsumer = false;
        for (const next of run) {
          const had = world.seats.filter(({ protocol }) => protocol !== 'none').length;
          play(world, next);
          const [group] = world.machine.consumers.all();
          if (group?.usesClassicMembers === true) seen.mixed++;
          if (group !== undefined && !wasConsumer && had > 0) seen.upgraded++;
          if (group === undefined && wasConsumer) seen.downgraded++;
          wasConsumer = group !== undefined;
          expectNoneTwice(world.machine);
        }
        const live = stateOf(world.machine);
        if (live !== undefined) expect(stateOf(world.replayed())).toEqual(live);
      }),
      { numRuns: 300 },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
  });

  test('comes to rest with everything assigned when its members carry on', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (run, kinds) => {
        const world = new World();
        for (const next of run) play(world, next);
        for (const seat of world.seats) world.leave(seat);
        world.advance(60_000);
        for (const [at, seat] of world.seats.entries()) {
          if (at === 0 || kinds[at] === false) world.beat(seat);
          else world.join(seat);
        }
        for (let round = 0; round < 20; round++) {
          world.advance(1500);
          for (const seat of world.seats) carryOn(world, seat);
        }
        const owned = world.seats.flatMap((seat) => seat.owned);
        expect(owned.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
      }),
      { numRuns: 100 },
    );
  });
});

function expectNoneTwice(machine: GroupMachine): void {
  for (const group of machine.consumers.all()) {
    const owned = [...group.members()].flatMap(({ assigned, revoking }) =>
      [assigned, revoking].flatMap((one) => [...(one.get(topic.id)?.keys() ?? [])]),
    );
    expect(new Set(owned).size).toBe(owned.length);
  }
}
