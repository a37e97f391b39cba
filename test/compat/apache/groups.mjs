// Members of a group share the partitions of their topics, in both protocols.
import { equal, eventually, expect, fails, take, texts, until } from './scenario.mjs';

const numbers = (count) => Array.from({ length: count }, (_, n) => `${n}`);

/** A member that reads until it is closed, and counts how often it saw each record. */
function join(scene, seen, options) {
  const consumer = scene.consumer({ fromBeginning: true, ...options });
  const ended = (async () => {
    for await (const { partition, offset } of consumer) {
      const place = `${partition}/${offset}`;
      seen.set(place, (seen.get(place) ?? 0) + 1);
    }
  })();
  // Looked at when it is closed.
  ended.catch(() => undefined);
  const close = async () => {
    await consumer.close();
    await ended;
  };
  return { consumer, ended, close, count: () => consumer.assignment().length };
}

/** Two members come and one goes; nothing is read twice, and everything is committed. */
async function handOn(scene, word, options) {
  const topic = await scene.topic(word, 4);
  const groupId = scene.name(`${word}-group`);
  const send = async () => {
    for (const partition of [0, 1, 2, 3]) await scene.send(topic, numbers(50), { partition });
  };
  const seen = new Map();
  const member = () => join(scene, seen, { groupId, topics: [topic], ...options });
  await send();
  const one = member();
  await until(() => seen.size === 200, 'the first member reads everything');
  const two = member();
  await until(() => two.count() === 2 && one.count() === 2, 'both have two partitions');
  await send();
  await until(() => seen.size === 400, 'both read everything');
  await two.close();
  await until(() => one.count() === 4, 'the first one has all four again');
  await one.close();
  expect(
    [...seen.values()].every((times) => times === 1),
    'a record was read twice',
  );
  const committed = await scene.admin.fetchOffsets(groupId);
  equal(
    committed.map(({ offset }) => offset),
    [100, 100, 100, 100],
    'committed',
  );
}

export const groups = {
  'a group commits, resumes and is described': async (scene) => {
    const topic = await scene.topic('group', 2);
    const groupId = scene.name('readers');
    for (const partition of [0, 1]) await scene.send(topic, numbers(50), { partition });
    const consumer = scene.consumer({ groupId, topics: [topic], fromBeginning: true });
    const records = consumer[Symbol.asyncIterator]();
    await take(records, 50);
    const [group] = await scene.admin.describeGroups([groupId]);
    equal([group.state, group.members.length], ['Stable', 1], 'state and members');
    equal(group.members[0].assignment.length, 2, 'assigned partitions');
    const [last] = (await take(records, 50)).slice(-1);
    await consumer.commit(last);
    await consumer.close();
    const committed = await scene.admin.fetchOffsets(groupId);
    equal(
      committed.map(({ offset }) => offset),
      [50, 50],
      'committed',
    );
    await eventually(async () => {
      const listed = (await scene.admin.listGroups()).find((one) => one.groupId === groupId);
      equal(listed?.state, 'Empty', 'state');
    });
    await scene.send(topic, ['more'], { partition: 1 });
    const more = await scene.readAll(topic, 1, { groupId, topics: [topic] });
    equal(texts(more), ['more'], 'first record after');
  },

  'a record at hand when the loop ends comes again': async (scene) => {
    const topic = await scene.topic('at-hand');
    const groupId = scene.name('at-hand-group');
    await scene.send(topic, numbers(10));
    const consumer = scene.consumer({ groupId, topics: [topic], fromBeginning: true });
    for await (const { offset } of consumer) if (offset === 4) break;
    await consumer.close();
    equal((await scene.admin.fetchOffsets(groupId))[0].offset, 4, 'committed');
    equal(texts(await scene.readAll(topic, 1, { groupId, topics: [topic] })), ['4'], 'next');
  },

  'members of range hand partitions on, none read twice': (scene) =>
    handOn(scene, 'range', { assignors: ['range'] }),

  'members of roundrobin hand partitions on, none read twice': (scene) =>
    handOn(scene, 'roundrobin', { assignors: ['roundrobin'] }),

  'members of sticky hand partitions on, none read twice': (scene) =>
    handOn(scene, 'sticky', { assignors: ['sticky'] }),

  'members of cooperative-sticky hand partitions on, none read twice': (scene) =>
    handOn(scene, 'cooperative', { assignors: ['cooperative-sticky'] }),

  'what a cooperative member keeps is not taken from it in between': async (scene) => {
    const topic = await scene.topic('kept', 4);
    const groupId = scene.name('kept-group');
    const taken = [];
    const options = {
      groupId,
      topics: [topic],
      assignors: ['cooperative-sticky'],
      onRevoked: (partitions) => void taken.push(...partitions),
    };
    const one = join(scene, new Map(), options);
    await until(() => one.count() === 4, 'the first has all');
    const two = join(scene, new Map(), { ...options, onRevoked: undefined });
    await until(() => two.count() === 2 && one.count() === 2, 'both have two');
    equal(taken.length, 2, 'partitions taken from the first');
    await Promise.all([one.close(), two.close()]);
  },

  'an expression finds topics that come later': async (scene) => {
    const first = await scene.topic('match-one');
    const topics = new RegExp(`^kafkit-match-.*${first.split('-').at(-1)}$`);
    const seen = [];
    const consumer = scene.consumer({
      groupId: scene.name('match-group'),
      topics,
      fromBeginning: true,
      metadataMaxAgeMs: 500,
    });
    const ended = (async () => {
      for await (const { topic } of consumer) seen.push(topic);
    })();
    await scene.send(first, ['x']);
    await until(() => seen.includes(first), 'the first topic');
    const second = await scene.topic('match-two');
    await scene.send(second, ['x']);
    await until(() => seen.includes(second), 'the second topic');
    await consumer.close();
    await ended;
  },

  'a static member that comes back has its partitions without a rebalance': async (scene) => {
    const topic = await scene.topic('static', 4);
    const groupId = scene.name('static-group');
    const taken = [];
    const options = { groupId, topics: [topic], sessionTimeoutMs: 20_000 };
    const as = (groupInstanceId, more = {}) =>
      join(scene, new Map(), { ...options, ...more, groupInstanceId });
    const one = as('one', { onRevoked: (partitions) => void taken.push(...partitions) });
    await until(() => one.count() === 4, 'the first has all');
    let two = as('two');
    await until(() => one.count() === 2 && two.count() === 2, 'both have two');
    const [before] = [two.consumer.assignment()];
    const [{ members }] = await scene.admin.describeGroups([groupId]);
    equal(members.map(({ groupInstanceId }) => groupInstanceId).sort(), ['one', 'two'], 'members');
    taken.length = 0;
    await two.close();
    two = as('two');
    await until(() => two.count() === 2, 'the second is back');
    equal(two.consumer.assignment(), before, 'its partitions');
    equal(taken, [], 'partitions taken from the first');
    // A third that calls itself as the second takes its place, and the second is told.
    const again = as('two');
    await until(() => again.count() === 2, 'the place is taken');
    await fails('FENCED_INSTANCE_ID', () => two.ended);
    await Promise.all([one.close(), again.close()]);
  },

  'members of the consumer protocol hand partitions on, none read twice': {
    needs: 'consumer protocol',
    run: (scene) => handOn(scene, 'consumer-protocol', { groupProtocol: 'consumer' }),
  },

  'the assignor of the brokers is chosen by name': {
    needs: 'consumer protocol',
    run: (scene) =>
      handOn(scene, 'remote-range', { groupProtocol: 'consumer', groupRemoteAssignor: 'range' }),
  },

  'an expression is matched by the brokers': {
    needs: 'consumer protocol',
    run: async (scene) => {
      const topic = await scene.topic('server-match');
      await scene.send(topic, numbers(20));
      const run = topic.split('-').at(-1);
      const options = { groupProtocol: 'consumer', groupId: scene.name('matching') };
      const topics = new RegExp(`server-match-${run}$`);
      equal((await scene.readAll('', 20, { ...options, topics })).length, 20, 'records');
      const pattern = { ...options, groupId: scene.name('pattern') };
      const topicPattern = `kafkit-server.*${run}`;
      equal((await scene.readAll('', 20, { ...pattern, topicPattern })).length, 20, 'records');
      await fails('INVALID_REGULAR_EXPRESSION', () =>
        scene.readAll('', 1, { ...pattern, topicPattern: '([' }),
      );
    },
  },
};
