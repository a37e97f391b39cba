// A whole consumer against a scripted coordinator and log, under a clock moved by hand.
import { Consumer, type ConsumerOptions } from '../../src/client/consumer/index.js';
import { loadApi } from '../../src/protocol/index.js';
import { RecordBatchBuilder } from '../../src/records/index.js';
import type { FakeBroker } from './fake-broker.js';
import { FakeCluster } from './fake-cluster.js';

const apis = [
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'OffsetFetch',
  'OffsetCommit',
  'ListOffsets',
  'Fetch',
] as const;

interface FetchAsked {
  readonly maxWaitMs: number;
  readonly topics: { readonly partitions: { readonly fetchOffset: number }[] }[];
}

/** A consumer, alone in its group, whose coordinator and log answer in virtual time. */
export async function oneMember(options: ConsumerOptions) {
  await Promise.all(apis.map((api) => loadApi(api)));
  const fake = await FakeCluster.start();
  const topic = fake.topic('orders-1');
  const [broker] = fake.brokers as [FakeBroker];
  const { clock } = fake.system;
  /** One record each. */
  const log: Buffer[] = [];
  let joins = 0;
  Object.assign(broker.handlers, {
    JoinGroup: ({ protocols }: { protocols: { name: string; metadata: Buffer }[] }) => {
      joins++;
      const { name = '', metadata = Buffer.alloc(0) } = protocols[0] ?? {};
      const members = [{ memberId: 'me', metadata }];
      const me = { memberId: 'me', leader: 'me', protocolName: name, protocolType: 'consumer' };
      return { errorCode: 0, generationId: joins, ...me, members };
    },
    SyncGroup: ({ assignments }: { assignments: { assignment: Buffer }[] }) => ({
      errorCode: 0,
      assignment: assignments[0]?.assignment,
    }),
    Heartbeat: () => ({ errorCode: 0 }),
    OffsetCommit: () => {
      const partitions = [{ partitionIndex: 0, errorCode: 0 }];
      return { topics: [{ name: 'orders-1', topicId: topic.id, partitions }] };
    },
    LeaveGroup: () => ({ errorCode: 0, members: [] }),
    OffsetFetch: () => ({ groups: [{ groupId: 'g', topics: [] }] }),
    ListOffsets: () => {
      const partitions = [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0 }];
      return { topics: [{ name: 'orders-1', partitions }] };
    },
    // Waits as the broker does, up to the time asked for.
    Fetch: async ({ maxWaitMs, topics }: FetchAsked) => {
      const from = topics[0]?.partitions[0]?.fetchOffset ?? 0;
      const found = () => log.slice(from);
      if (found().length === 0) await new Promise<void>((on) => void clock.after(maxWaitMs, on));
      const records = found().length > 0 ? Buffer.concat(found()) : null;
      const read = { highWatermark: log.length, abortedTransactions: null, records };
      const partitions = [{ partitionIndex: 0, errorCode: 0, ...read }];
      return { errorCode: 0, sessionId: 0, responses: [{ topicId: topic.id, partitions }] };
    },
  });
  const cluster = fake.client();
  const consumer = new Consumer(cluster, { fromBeginning: true, ...options });
  const append = (value: string) => {
    const builder = new RecordBatchBuilder({ baseOffset: log.length, partitionLeaderEpoch: 0 });
    builder.append({ key: null, value: Buffer.from(value), timestamp: 1 });
    log.push(builder.build());
  };
  return { fake, broker, cluster, consumer, append, joins: () => joins };
}
