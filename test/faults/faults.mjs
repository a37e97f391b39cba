// What is done to the cluster while the clients work, one entry for each fault. `run` returns when
// everything is mended again; what it does follows from the seed alone. `allows` says what the
// fault may rightly cause; everything else is a finding. Where `isApart`, it touches nothing but the
// trial's own topics and relays, so that several may run at the same time.
import { sleep } from '../compat/environment.mjs';

/** Does something to a node's relay, and mends it. */
function relay(misbehave) {
  return {
    isApart: true,
    isRelayed: true,
    run: async (context) => {
      const { random, lane } = context;
      for (let rounds = random.between(2, 4); rounds > 0; rounds--) {
        // Sometimes all nodes at once.
        const ids = random.chance(0.25) ? [1, 2, 3] : [random.between(1, 3)];
        const forMs = random.between(300, 2500);
        for (const id of ids) misbehave(lane.proxy(id), context);
        await sleep(forMs);
        for (const id of ids) lane.proxy(id).mend();
        await sleep(random.between(100, 1200));
      }
    },
  };
}

/** Kills a node, and brings it back a while later. */
async function killAndBoot({ cluster, random, say }, id) {
  say(`node ${id} is killed`);
  cluster.kill(id);
  await sleep(random.between(500, 8000));
  await cluster.boot(id);
  say(`node ${id} is back`);
}

async function leaderOf({ admin, names }, partition) {
  const [{ partitions }] = await admin.describeTopics([names.data]);
  return partitions[partition].leader;
}

async function coordinatorOf({ observer }, key, keyType) {
  const request = (version) =>
    version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key };
  const answer = await observer.send('FindCoordinator', request);
  return (answer.coordinators?.[0] ?? answer).nodeId;
}

/** The next entry of a kind, or of the time's end. */
async function next(journal, kind) {
  const before = journal.count(kind);
  for (const end = Date.now() + 5000; Date.now() < end && journal.count(kind) === before; ) {
    await sleep(1);
  }
}

export const faults = {
  'leader-killed': {
    run: async (context) => {
      await killAndBoot(context, await leaderOf(context, context.random.between(0, 5)));
    },
  },
  'leader-stopped': {
    run: async (context) => {
      const { cluster, random, say } = context;
      const id = await leaderOf(context, random.between(0, 5));
      const forMs = random.between(2000, 14_000);
      say(`node ${id} stands still for ${forMs} ms`);
      cluster.signal(id, 'SIGSTOP');
      await sleep(forMs);
      cluster.signal(id, 'SIGCONT');
      await sleep(2000);
    },
  },
  'rolling-restart': {
    run: async ({ cluster, random, admin, say }) => {
      const first = random.between(0, 2);
      for (const step of [0, 1, 2]) {
        const id = ((first + step) % 3) + 1;
        say(`node ${id} is restarted`);
        await cluster.stop(id);
        await cluster.boot(id);
        await cluster.settled(admin);
      }
    },
  },
  'controller-killed': {
    run: async (context) => {
      const answer = await context.observer.send('DescribeQuorum', {
        topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
      });
      await killAndBoot(context, answer.topics[0].partitions[0].leaderId);
    },
  },
  'group-coordinator-killed': {
    run: async (context) => {
      const id = await coordinatorOf(context, context.names.group, 0);
      await next(context.journal, 'processed');
      await killAndBoot(context, id);
    },
  },
  'transaction-coordinator-killed': {
    run: async (context) => {
      const id = await coordinatorOf(context, context.names.transactions, 1);
      // In the middle of a transaction, or while it is being ended.
      await next(context.journal, context.random.pick(['begun', 'ending']));
      await killAndBoot(context, id);
    },
  },
  'partitions-added': {
    isApart: true,
    // Keys belong elsewhere afterwards, and the copies know nothing of that.
    allows: { movedKeys: true },
    run: async ({ admin, names, random, say }) => {
      const count = random.between(7, 12);
      say(`${names.data} gets ${count} partitions`);
      await admin.createPartitions([{ topic: names.data, count }]);
      await sleep(random.between(1000, 4000));
    },
  },
  'topic-recreated': {
    isApart: true,
    // What waits for the topic while it does not exist may be given up, and what was sent before
    // is gone with it.
    allows: { otherTopic: true, failures: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'] },
    run: async ({ admin, names, random, journal, say }) => {
      say(`${names.data} is deleted`);
      await admin.deleteTopics([names.data]);
      await sleep(random.between(0, 2000));
      const topic = { name: names.data, partitions: 6, replicationFactor: 3 };
      for (const end = Date.now() + 20_000; ; await sleep(100)) {
        const error = await admin.createTopics([topic]).then(
          () => undefined,
          (reason) => reason,
        );
        if (error === undefined) break;
        if (error.code !== 'TOPIC_ALREADY_EXISTS' || Date.now() > end) throw error;
      }
      journal.note('renewed', {});
      say(`${names.data} is there again`);
      await sleep(random.between(1000, 3000));
    },
  },
  delay: relay((proxy, { random }) => {
    proxy.delayMs = random.pick([20, 150, 700, 2000]);
  }),
  throttle: relay((proxy, { random }) => {
    proxy.bytesPerSecond = random.pick([300, 3000, 30_000]);
  }),
  stall: relay((proxy) => {
    proxy.isStalled = true;
  }),
  reset: relay((proxy, { random }) => {
    if (random.chance(0.3)) proxy.reset();
    else proxy.resetAfter(random.pick([1, 37, 500, 5000, 50_000]));
  }),
  'half-close': relay((proxy, { random }) => {
    proxy.halfClose(random.pick(['client', 'server']));
  }),
  cut: relay((proxy) => proxy.cut()),
};
