import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../runtime/machine.js';
import { Outcome, type Ticket } from '../../runtime/outcome.js';
import { TimerTable } from '../../runtime/timer-table.js';
import { groupConfigDefaults } from '../group-config.js';
import { GroupMachine } from '../group-machine.js';
import { groupRecordCodec } from '../group-record-codec.js';
import type { GroupRecord } from '../group-records.js';
import type { ConsumerHeartbeatAnswer, TopicPartitions } from './consumer-messages.js';
import type { HashedTopic } from './metadata-hash.js';

const groupId = 'g';
const origin = { clientId: 'c', clientHost: '/127.0.0.1', version: 1 };

/** A client: what it was told it owns, and what it still has to give back. */
interface Client {
  readonly memberId: string;
  epoch: number;
  owned: Set<string>;
  /** Told to own this; taken over with the next acknowledgement. */
  wanted: Set<string> | undefined;
}

/** A machine, its log, and clients that do as they are told, sooner or later. */
class World {
  readonly log: LogRecord[] = [];
  readonly timers = new TimerTable<GroupRecord>();
  readonly topics = new Map<string, HashedTopic>();
  readonly clients = new Map<number, Client>();
  readonly machine: GroupMachine;
  readonly assignor: string;
  topicsVersion = 0;
  elapsed = 0;
  #ids = 0;

  constructor(assignor: string) {
    this.assignor = assignor;
    this.machine = this.newMachine(this.timers);
    this.execute((outcome) => this.machine.loaded(outcome, 0));
  }

  newMachine(timers: TimerTable<GroupRecord>): GroupMachine {
    const consumer = { ...groupConfigDefaults.consumer, assignmentIntervalMs: 10 };
    return new GroupMachine({
      timers,
      config: { ...groupConfigDefaults, consumer },
      newUuid: () => `${++this.#ids}`,
      newMemberId: () => `${++this.#ids}`,
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
    if (partitionCount === 0) {
      this.topics.delete(name);
    } else {
      const id = Buffer.from(`${name}--${this.topicsVersion}`.padEnd(16, '-')).toString(
        'base64url',
      );
      const before = this.topics.get(name);
      const grown = Math.max(before?.partitionCount ?? 0, partitionCount);
      this.topics.set(name, { name, id: before?.id ?? id, partitionCount: grown });
    }
  }

  join(seat: number, names: readonly string[]): void {
    const memberId = this.clients.get(seat)?.memberId ?? `m${++this.#ids}`;
    const client: Client = { memberId, epoch: 0, owned: new Set(), wanted: undefined };
    this.clients.set(seat, client);
    this.#beat(client, { rebalanceTimeoutMs: 1000, subscribedTopicNames: names });
  }

  subscribe(seat: number, names: readonly string[]): void {
    const client = this.clients.get(seat);
    if (client !== undefined) this.#beat(client, { subscribedTopicNames: names });
  }

  /** A heartbeat; with an acknowledgement, what was told is done by then. */
  beat(seat: number, acknowledges: boolean): void {
    const client = this.clients.get(seat);
    if (client === undefined) return;
    if (acknowledges && client.wanted !== undefined) {
      client.owned = client.wanted;
      client.wanted = undefined;
      this.#beat(client, { topicPartitions: listed(client.owned) });
    } else {
      this.#beat(client, {});
    }
  }

  leave(seat: number): void {
    const client = this.clients.get(seat);
    if (client === undefined) return;
    this.clients.delete(seat);
    this.#beat({ ...client, epoch: -1 }, {});
  }

  /** The client is gone without a word; its session will end. */
  kill(seat: number): void {
    this.clients.delete(seat);
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

  #beat(client: Client, more: object): void {
    const request = {
      groupId,
      memberId: client.memberId,
      memberEpoch: client.epoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: this.assignor,
      topicPartitions: client.epoch === 0 ? [] : null,
      ...more,
    };
    const ticket: Ticket<ConsumerHeartbeatAnswer> = { number: 1 };
    const answer = this.execute((outcome) =>
      this.machine.consumers.membership.heartbeat(request, origin, ticket, outcome, this.elapsed),
    ) as ConsumerHeartbeatAnswer;
    if (client.epoch < 0) return;
    if (answer.errorCode !== 0) {
      // Thrown out: it gives everything up and comes back.
      client.epoch = 0;
      client.owned = new Set();
      client.wanted = undefined;
      return;
    }
    client.epoch = answer.memberEpoch;
    if (answer.assignment !== null) this.#take(client, answer.assignment.topicPartitions);
  }

  /** What is new is owned at once, what is gone is owned until it is acknowledged. */
  #take(client: Client, topics: readonly TopicPartitions[]): void {
    const told = new Set(
      topics.flatMap(({ topicId, partitions }) => partitions.map((one) => `${topicId} ${one}`)),
    );
    client.wanted = told;
    client.owned = new Set([...client.owned, ...told]);
  }

  /** No partition belongs to two clients that are alive. */
  checkOwners(): void {
    const owners = new Map<string, string>();
    const group = this.machine.consumers.get(groupId);
    for (const { memberId, owned } of this.clients.values()) {
      if (group?.member(memberId) === undefined) continue;
      for (const partition of owned) {
        expect(owners.get(partition), `${partition} has one owner`).toBeUndefined();
        owners.set(partition, memberId);
      }
    }
  }

  /** A machine that reads the log is the one that wrote it. */
  checkReplay(): void {
    const again = this.newMachine(new TimerTable<GroupRecord>());
    for (const bytes of this.log) {
      const record = groupRecordCodec.decode(bytes);
      if (record !== undefined) again.replay(record);
    }
    expect(again.consumers.describe(groupId)).toEqual(this.machine.consumers.describe(groupId));
    const live = this.machine.consumers.get(groupId);
    const read = again.consumers.get(groupId);
    expect(read?.metadataHash).toBe(live?.metadataHash);
    expect([...(read?.members() ?? [])]).toEqual([...(live?.members() ?? [])]);
  }
}

function listed(owned: ReadonlySet<string>) {
  const topics = new Map<string, number[]>();
  for (const one of owned) {
    const [topicId = '', partition = ''] = one.split(' ');
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(partition)]);
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }));
}

const seat = fc.nat(3);
const names = fc.constantFrom<(readonly string[])[]>(['a'], ['a', 'b'], ['b'], ['a', 'b', 'c']);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), seat, names }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('beat' as const), seat, ack: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), seat }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), seat }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('subscribe' as const), seat, names }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('topic' as const),
      name: fc.constantFrom('a', 'b', 'c'),
      count: fc.nat(5),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(700) }) },
);

function play(world: World, one: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
  switch (one.do) {
    case 'join':
      return world.join(one.seat, one.names);
    case 'subscribe':
      return world.subscribe(one.seat, one.names);
    case 'beat':
      return world.beat(one.seat, one.ack);
    case 'leave':
      return world.leave(one.seat);
    case 'kill':
      return world.kill(one.seat);
    case 'topic':
      return world.setTopic(one.name, one.count);
    case 'wait':
      return world.advance(one.ms);
  }
}

describe('a consumer group', () => {
  test.each(['uniform', 'range'])(
    '%s: never has two owners, settles, and can be read back',
    (assignor) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const world = new World(assignor);
          world.setTopic('a', 3);
          world.setTopic('b', 2);
          for (const one of steps) {
            play(world, one);
            world.checkOwners();
          }
          world.checkReplay();
          settle(world);
          world.checkOwners();
          checkSettled(world);
          world.checkReplay();
        }),
        { numRuns: 150 },
      );
    },
  );
});

/** Everybody is awake and does as told for a while, longer than any session. */
function settle(world: World): void {
  for (let round = 0; round < 60; round++) {
    for (const [seat, client] of world.clients) {
      if (client.epoch === 0) world.join(seat, ['a', 'b']);
      else world.beat(seat, true);
    }
    world.advance(900);
  }
}

function checkSettled(world: World): void {
  const group = world.machine.consumers.get(groupId);
  expect(group?.state ?? 'Empty').toBe(world.clients.size === 0 ? 'Empty' : 'Stable');
  for (const topic of world.topics.values()) {
    const readers = [...(group?.members() ?? [])].filter(({ topicNames }) =>
      topicNames.includes(topic.name),
    );
    if (readers.length === 0) continue;
    const counts = readers.map(({ assigned }) => assigned.get(topic.id)?.size ?? 0);
    const total = counts.reduce((sum, count) => sum + count, 0);
    expect(total, `all partitions of ${topic.name} are read`).toBe(topic.partitionCount);
  }
}
