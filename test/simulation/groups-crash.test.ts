import { describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { realSystem, silentLogger } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../../src/system/simulated/index.js';
import { seedsOf } from './seeds.js';

/** Each of 4 crashes. */
const seeds = seedsOf(10);

const groups = ['a', 'b', 'c', 'd', 'e'];
const nobody = { memberId: '', groupInstanceId: null };

/** What one group was told, by commits as well as by reads, and may count on from then on. */
interface Told {
  sent: number;
  atLeast: number;
}

function commit(broker: Broker, groupId: string, offset: number) {
  const topic = broker.topics.byName('t');
  const partition = {
    partitionIndex: 0,
    committedOffset: offset,
    committedLeaderEpoch: -1,
    committedMetadata: `${offset}`,
  };
  const topics = [{ name: 't', topicId: topic?.id ?? '', partitions: [partition] }];
  const request = { groupId, ...nobody, generationIdOrMemberEpoch: -1, retentionTimeMs: -1 };
  return broker.groups.commitOffsets({ ...request, topics }, 9);
}

async function committed(broker: Broker, groupId: string): Promise<number | undefined> {
  const topics = [{ name: 't', partitionIndexes: [0] }];
  const who = { groupId, memberId: null, memberEpoch: -1, requireStable: false };
  const answer = await broker.groups.fetchOffsets({ ...who, topics });
  return answer.errorCode === 0 ? answer.topics[0]?.partitions[0]?.committedOffset : undefined;
}

/** A member alone in its group; answers its id when its first generation is complete. */
async function joined(broker: Broker, groupId: string): Promise<string | undefined> {
  const protocols = [{ name: 'range', metadata: Buffer.from('m') }];
  const { memberId, errorCode } = await broker.groups.joinGroup(
    {
      groupId,
      ...nobody,
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols,
    },
    { clientId: 'c', clientHost: '/h', version: 3 },
  );
  if (errorCode !== 0) return undefined;
  const request = { groupId, memberId, groupInstanceId: null, generationId: 1 };
  const synced = await broker.groups.syncGroup({
    ...request,
    protocolType: null,
    protocolName: null,
    assignments: [],
  });
  return synced.errorCode === 0 ? memberId : undefined;
}

async function simulate(seed: number, crashes: number): Promise<string[]> {
  const random = new SeededRandom(seed);
  const real = realSystem();
  const complaints: string[] = [];
  const told = new Map<string, Told>(groups.map((group) => [group, { sent: -1, atLeast: -1 }]));
  const members = new Map<string, string>();
  let disk = new MemoryDisk({ crashable: true, soon: (run) => real.clock.soon(run) });
  for (let crash = 0; crash <= crashes; crash++) {
    const net = new MemoryNet(real.clock);
    const broker = await Broker.start({
      system: { clock: real.clock, random: real.random, disk, net },
      data: '/data',
      listen: '127.0.0.1:0',
      durability: 'group-commit',
      config: { 'group.initial.rebalance.delay.ms': '0' },
      createTopics: { t: { partitions: 1 } },
      logger: silentLogger,
    });
    for (const [group, { sent, atLeast }] of told) {
      const found = (await committed(broker, group)) ?? -2;
      if (found < atLeast || found > sent) {
        complaints.push(`${group}: ${found} after crash ${crash}, told ${atLeast}, sent ${sent}`);
      }
    }
    for (const [groupId, memberId] of members) {
      const beat = { groupId, memberId, groupInstanceId: null, generationId: 1 };
      const { errorCode } = await broker.groups.heartbeat(beat);
      if (errorCode !== 0) complaints.push(`${groupId}: heartbeat ${errorCode}, crash ${crash}`);
    }
    if (crash < crashes) {
      await work(broker, random, told, members, `members-${crash}`);
      disk = disk.crash(random);
    }
    void broker.close().catch(() => undefined);
    net.cut();
  }
  return complaints;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Commits, reads and a join at once; stops in the middle of them. */
async function work(
  broker: Broker,
  random: SeededRandom,
  told: ReadonlyMap<string, Told>,
  members: Map<string, string>,
  newGroup: string,
): Promise<void> {
  let isCrashed = false;
  let done = 0;
  const wanted = 1 + random.below(60);
  const busy = Array.from(told, async ([group, state]) => {
    while (!isCrashed) {
      await turn();
      state.sent += 1;
      const offset = state.sent;
      const [answer, read] = await Promise.all([
        commit(broker, group, offset),
        random.below(2) === 0 ? committed(broker, group) : undefined,
      ]);
      if (isCrashed) return;
      const isAcknowledged = answer.errorCodes[0]?.[0] === 0;
      state.atLeast = Math.max(state.atLeast, isAcknowledged ? offset : -1, read ?? -1);
      done += 1;
    }
  });
  const joining = joined(broker, newGroup).then((memberId) => {
    if (memberId !== undefined && !isCrashed) members.set(newGroup, memberId);
  });
  while (done < wanted) await turn();
  isCrashed = true;
  void Promise.allSettled([...busy, joining]);
}

describe('a coordinator that loses power', () => {
  test.each(seeds)('forgets nothing that anybody was told (seed %i)', async (seed) => {
    expect(await simulate(seed, 4)).toEqual([]);
  });
});
