import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { batchesIn } from '../../src/records/index.js';
import { realSystem, silentLogger } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, RawClient } from '../broker/raw-client.js';

const topics = ['red', 'blue'];
const partitions = 2;
const noId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A transaction as its producer knows it. */
interface Transaction {
  readonly number: number;
  readonly id: string;
  /** How many records it has sent, whether or not they were acknowledged. */
  records: number;
  /** What was asked for; undefined when it never came to that. */
  asked: 'commit' | 'abort' | undefined;
  /** Whether the broker said so, too. */
  isAnswered: boolean;
}

interface World {
  readonly random: SeededRandom;
  readonly transactions: Transaction[];
  readonly complaints: string[];
}

class Crashed extends Error {}

/**
 * Producers with transactional ids work on a broker whose disk loses power `crashes` times: what
 * was not synced is lost, torn or reordered by the seed. After each crash and at the end readers of
 * committed records must find each transaction whole or not at all, as its producer was told, and
 * the group offsets that belong to it.
 */
export async function simulateTransactions(seed: number, crashes: number): Promise<string[]> {
  const real = realSystem();
  const world: World = { random: new SeededRandom(seed), transactions: [], complaints: [] };
  let disk = new MemoryDisk({ crashable: true, soon: (run) => real.clock.soon(run) });
  const ids = ['a', 'b', 'c'];
  for (let crash = 0; crash <= crashes; crash++) {
    const net = new MemoryNet(real.clock);
    const broker = await Broker.start({
      system: { clock: real.clock, random: real.random, disk, net },
      data: '/data',
      listen: '127.0.0.1:0',
      durability: 'group-commit',
      createTopics: Object.fromEntries(topics.map((name) => [name, { partitions }])),
      logger: silentLogger,
    });
    const connect = () => RawClient.connect(net, broker.port);
    await check(await connect(), ids, world, `after crash ${crash}`);
    if (crash < crashes) {
      const state = { isOver: false, done: 0 };
      const wanted = 1 + world.random.below(12);
      const busy = ids.map(async (id) => produce(await connect(), id, world, state));
      while (state.done < wanted) await new Promise<void>((wake) => real.clock.soon(wake));
      for (let turn = world.random.below(20); turn > 0; turn--) {
        await new Promise<void>((wake) => real.clock.soon(wake));
      }
      state.isOver = true;
      disk = disk.crash(world.random);
      net.cut();
      void broker.crash().catch(() => undefined);
      await Promise.allSettled(busy);
    } else await broker.close();
  }
  return world.complaints;
}

/** One transaction after the other, until the power is gone. */
async function produce(
  client: RawClient,
  id: string,
  world: World,
  state: { isOver: boolean; done: number },
): Promise<void> {
  const { random, transactions } = world;
  try {
    let producer = await take(client, id);
    while (!state.isOver) {
      const transaction: Transaction = {
        number: transactions.length,
        id,
        records: 0,
        asked: undefined,
        isAnswered: false,
      };
      transactions.push(transaction);
      let sequences = new Map<string, number>();
      const count = 1 + random.below(4);
      for (let i = 0; i < count; i++) {
        const topic = topics[random.below(topics.length)] ?? '';
        const index = random.below(partitions);
        const place = `${topic}-${index}`;
        const baseSequence = sequences.get(place) ?? 0;
        sequences.set(place, baseSequence + 1);
        transaction.records += 1;
        const records = batch([`${transaction.number}:${i}`], {
          producer: { ...producer, baseSequence, isTransactional: true },
        });
        const topicData = [{ name: topic, topicId: noId, partitionData: [{ index, records }] }];
        const input = { transactionalId: id, acks: -1, timeoutMs: 10_000, topicData };
        const answer = await client.send('Produce', 12, input);
        expectZero(only(only(answer.responses).partitionResponses).errorCode, 'Produce');
      }
      await commitOffset(client, id, producer, transaction.number);
      const committed = random.below(3) > 0;
      transaction.asked = committed ? 'commit' : 'abort';
      const ended = await client.send('EndTxn', 5, { transactionalId: id, ...producer, committed });
      expectZero(ended.errorCode, 'EndTxn');
      transaction.isAnswered = true;
      producer = { producerId: ended.producerId, producerEpoch: ended.producerEpoch };
      sequences = new Map();
      state.done += 1;
    }
  } catch (error) {
    // When the power is gone, connections break; before that nothing may.
    if (!state.isOver && !client.closed) world.complaints.push(`${id}: ${String(error)}`);
    state.done += 1;
  }
}

/** The next epoch of a transactional id; aborts what is open. */
async function take(client: RawClient, transactionalId: string) {
  for (;;) {
    const input = { transactionalId, transactionTimeoutMs: 60_000 };
    const { errorCode, producerId, producerEpoch } = await client.send('InitProducerId', 4, input);
    if (errorCode === 0) return { producerId, producerEpoch };
    if (errorCode !== 51 && errorCode !== 14) expectZero(errorCode, 'InitProducerId');
  }
}

async function commitOffset(
  client: RawClient,
  id: string,
  producer: { producerId: number; producerEpoch: number },
  committedOffset: number,
): Promise<void> {
  const partition = { partitionIndex: 0, committedOffset, committedMetadata: '' };
  const answer = await client.send('TxnOffsetCommit', 5, {
    transactionalId: id,
    groupId: `group-${id}`,
    ...producer,
    topics: [{ name: 'red', topicId: noId, partitions: [partition] }],
  });
  expectZero(only(only(answer.topics).partitions).errorCode, 'TxnOffsetCommit');
}

function expectZero(errorCode: number, what: string): void {
  if (errorCode !== 0) throw new Crashed(`${what} was answered ${errorCode}`);
}

/** Takes every id, which ends what a crash has left open, and reads what is committed. */
async function check(
  client: RawClient,
  ids: readonly string[],
  { transactions, complaints }: World,
  when: string,
): Promise<void> {
  for (const id of ids) await take(client, id);
  const seen = new Map<number, number>();
  for (const topic of topics) {
    for (let index = 0; index < partitions; index++) {
      for (const value of await committedIn(client, topic, index, complaints)) {
        const number = Number(value.split(':')[0]);
        seen.set(number, (seen.get(number) ?? 0) + 1);
      }
    }
  }
  const latest = new Map<string, number>();
  for (const { number, id, records, asked, isAnswered } of transactions) {
    const found = seen.get(number) ?? 0;
    const isWhole = found === records;
    if (found > 0 && isWhole) latest.set(id, number);
    const about = `${number} of ${id}: ${found} of ${records} records ${when}, ${asked}`;
    if (found > 0 && !isWhole) complaints.push(`torn: ${about}`);
    if (found > 0 && asked !== 'commit') complaints.push(`never committed: ${about}`);
    if (found === 0 && asked === 'commit' && isAnswered) complaints.push(`lost: ${about}`);
    // What a reader was given once must stay.
    const at = transactions[number];
    if (at !== undefined && found > 0) at.isAnswered = true;
    else if (at !== undefined && !isAnswered) at.asked = 'abort';
  }
  for (const id of ids) {
    const answer = await client.send('OffsetFetch', 7, {
      groupId: `group-${id}`,
      topics: [{ name: 'red', partitionIndexes: [0] }],
      requireStable: true,
    });
    const { errorCode, committedOffset } = only(only(answer.topics).partitions);
    if (errorCode !== 0 || committedOffset !== (latest.get(id) ?? -1)) {
      complaints.push(`offset of ${id} is ${committedOffset} (${errorCode}) ${when}`);
    }
  }
}

async function committedIn(
  client: RawClient,
  topic: string,
  partition: number,
  complaints: string[],
): Promise<string[]> {
  const values: string[] = [];
  const aborted = new Set<number>();
  for (let offset = 0; ; ) {
    const input = fetchOf(topic, offset, { partition, isolationLevel: 1 });
    const answer = only(only((await client.send('Fetch', 12, input)).responses).partitions);
    if (answer.lastStableOffset !== answer.highWatermark) {
      complaints.push(`${topic}-${partition} is stable to ${answer.lastStableOffset} only`);
      return values;
    }
    const waiting = [...(answer.abortedTransactions ?? [])];
    const bytes = answer.records as Buffer | null;
    if (bytes === null || bytes.length === 0) return values;
    for (const one of batchesIn(bytes)) {
      offset = one.nextOffset;
      while (waiting[0] !== undefined && waiting[0].firstOffset <= one.lastOffset) {
        aborted.add(waiting[0].producerId);
        waiting.shift();
      }
      if (one.isControl) aborted.delete(one.producerId);
      else if (!aborted.has(one.producerId)) {
        for (const { value } of one.records()) values.push(String(value));
      }
    }
  }
}
