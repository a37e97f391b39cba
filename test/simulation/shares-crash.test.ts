import { describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { RecordBatchBuilder } from '../../src/records/index.js';
import { realSystem, silentLogger } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../../src/system/simulated/index.js';
import { seedsOf } from './seeds.js';

/** Each of 4 crashes. */
const seeds = seedsOf(10);

const groupId = 'g';
const partitions = [0, 1];
const recordsPerRound = 40;
const accept = 1;
const release = 2;

/** What a member has said of records, and of which of them it was told that it is written down. */
interface Said {
  readonly produced: Set<string>;
  readonly sent: Set<string>;
  readonly told: Set<string>;
}

async function produce(broker: Broker, said: Said): Promise<void> {
  for (const index of partitions) {
    const partition = broker.topics.partition('t', index);
    if (partition === undefined) throw new Error(`t-${index} is gone`);
    const builder = new RecordBatchBuilder({});
    for (let n = 0; n < recordsPerRound; n++) {
      builder.append({ timestamp: n, key: null, value: Buffer.from(`${n}`) });
    }
    const batch = Buffer.from(builder.build());
    const { baseOffset, lastOffset } = await partition.append(batch, { origin: 'client', now: 1 });
    await partition.replicated(lastOffset + 1);
    for (let offset = baseOffset; offset <= lastOffset; offset++) {
      said.produced.add(`${index}:${offset}`);
    }
  }
}

async function open(broker: Broker, partition: number) {
  const topicId = broker.topics.byName('t')?.id ?? '';
  const live = await broker.shares.partitions.open({ groupId, topicId, partition });
  if ('error' in live) throw new Error(`t-${partition}: ${live.error} ${live.message}`);
  return live;
}

/** All offsets that a member gets now. */
async function takeAll(broker: Broker, memberId: string): Promise<Map<number, number[]>> {
  const taken = new Map<number, number[]>();
  for (const partition of partitions) {
    const live = await open(broker, partition);
    const wanted = { memberId, maxRecords: 7, maxBytes: 500, batchSize: 3, exact: true };
    const offsets: number[] = [];
    for (let got = live.acquire(wanted); got.acquired.length > 0; got = live.acquire(wanted)) {
      for (const { firstOffset, lastOffset } of got.acquired) {
        for (let offset = firstOffset; offset <= lastOffset; offset++) offsets.push(offset);
      }
    }
    taken.set(partition, offsets);
  }
  return taken;
}

/** What is wrong about what a member got: too much, or too little. */
function complaintsAbout(taken: ReadonlyMap<number, readonly number[]>, said: Said): string[] {
  const got = new Set<string>();
  const complaints: string[] = [];
  for (const [partition, offsets] of taken) {
    for (const offset of offsets) {
      const key = `${partition}:${offset}`;
      if (got.has(key)) complaints.push(`${key} was given out twice`);
      if (said.told.has(key)) complaints.push(`${key} came back, although it was done`);
      got.add(key);
    }
  }
  for (const key of said.produced) {
    if (!said.sent.has(key) && !got.has(key)) complaints.push(`${key} is lost`);
  }
  return complaints;
}

async function join(broker: Broker, memberId: string): Promise<void> {
  const origin = { clientId: 'c', clientHost: '/h', version: 1 };
  const member = { groupId, memberId, memberEpoch: 0, rackId: null };
  const answer = await broker.shares.groups.heartbeat(
    { ...member, subscribedTopicNames: ['t'] },
    origin,
  );
  if (answer.errorCode !== 0) throw new Error(`${memberId} cannot join: ${answer.errorCode}`);
}

async function simulate(seed: number, crashes: number): Promise<string[]> {
  const random = new SeededRandom(seed);
  const real = realSystem();
  const complaints: string[] = [];
  const said: Said = { produced: new Set(), sent: new Set(), told: new Set() };
  let disk = new MemoryDisk({ crashable: true, soon: (run) => real.clock.soon(run) });
  for (let crash = 0; crash <= crashes; crash++) {
    const net = new MemoryNet(real.clock);
    const broker = await Broker.start({
      system: { clock: real.clock, random: real.random, disk, net },
      data: '/data',
      listen: '127.0.0.1:0',
      durability: 'group-commit',
      config: { 'share.coordinator.snapshot.update.records.per.snapshot': '5' },
      createTopics: { t: { partitions: partitions.length } },
      logger: silentLogger,
    });
    if (crash === 0) {
      const settings = {
        'share.auto.offset.reset': 'earliest',
        'share.delivery.count.limit': '10',
      };
      await broker.groupSettings.configure(groupId, settings);
    }
    const memberId = `m${crash}`;
    await join(broker, memberId);
    await produce(broker, said);
    const taken = await takeAll(broker, memberId);
    for (const one of complaintsAbout(taken, said)) complaints.push(`crash ${crash}: ${one}`);
    if (crash < crashes) {
      await work(broker, memberId, random, taken, said);
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

/** Accepts and releases what was taken, in both partitions at once; stops in the middle of it. */
async function work(
  broker: Broker,
  memberId: string,
  random: SeededRandom,
  taken: ReadonlyMap<number, readonly number[]>,
  said: Said,
): Promise<void> {
  let isCrashed = false;
  let done = 0;
  let busyCount = taken.size;
  const wanted = 1 + random.below(60);
  const busy = Array.from(taken, async ([partition, offsets]) => {
    const live = await open(broker, partition);
    for (const offset of offsets) {
      await turn();
      if (isCrashed) return;
      const type = random.below(3) === 0 ? release : accept;
      const key = `${partition}:${offset}`;
      if (type === accept) said.sent.add(key);
      const one = { firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] };
      const acknowledging = live.acknowledge(memberId, [one]).then((fault) => {
        if (isCrashed) return;
        if (fault === undefined && type === accept) said.told.add(key);
        done += 1;
      });
      // Sometimes the next goes out before this is answered.
      if (random.below(2) === 0) await acknowledging;
    }
    busyCount -= 1;
  });
  while (done < wanted && busyCount > 0) await turn();
  isCrashed = true;
  void Promise.allSettled(busy);
}

describe('a share group whose broker loses power', () => {
  test.each(seeds)('gets back what is not done, and nothing else (seed %i)', async (seed) => {
    expect(await simulate(seed, 4)).toEqual([]);
  });
});
