// Producing, fetching and looking up offsets, with what is wrong in every way.
import { batch, fetch, idempotent, listOffsets, makeTopic, noSuchId, produce } from './bodies.mjs';

const epochs = (topic, currentLeaderEpoch, leaderEpoch, partition = 0) => ({
  replicaId: -1,
  topics: [{ topic, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
});
const remove = (name, offset, partitionIndex = 0) => ({
  topics: [{ name, partitions: [{ partitionIndex, offset }] }],
  timeoutMs: 10_000,
});
/** The bytes at `at` replaced. */
function damaged(records, at, value) {
  const copy = Buffer.from(records);
  copy.writeUInt8(value, at);
  return copy;
}

export const scripts = {
  async producing(script) {
    const topicId = await makeTopic(script, 'produced', { partitions: 2 });
    await makeTopic(script, 'keyed', { configs: { 'cleanup.policy': 'compact' } });
    await makeTopic(script, 'small', { configs: { 'max.message.bytes': '200' } });
    await makeTopic(script, 'safe', { configs: { 'min.insync.replicas': '2' } });
    const ask = (step, body, version = 12) => script.ask(step, 'Produce', version, body);
    const good = batch(['v']);
    for (const version of [3, 7, 9, 10, 12]) {
      await ask(`acks -1, v${version}`, produce('produced', batch(['v'])), version);
    }
    await ask('acks 1', produce('produced', batch(['v']), { acks: 1 }));
    await ask('acks 2', produce('produced', batch(['v']), { acks: 2 }));
    await ask('by id', produce('', batch(['v']), { topicId }), 13);
    await ask('by an unknown id', produce('', batch(['v']), { topicId: noSuchId }), 13);
    await ask('to an unknown topic', produce('nowhere', batch(['v'])));
    await ask('to an unknown partition', produce('produced', batch(['v']), { index: 9 }));
    await ask('to a topic of the broker', produce('__consumer_offsets', batch(['v'])));
    await ask('a bad checksum', produce('produced', damaged(good, good.length - 1, 0x55)));
    await ask('two batches', produce('produced', Buffer.concat([batch(['a']), batch(['b'])])));
    await ask('magic 1', produce('produced', damaged(good, 16, 1)));
    await ask('magic 9', produce('produced', damaged(good, 16, 9)));
    await ask('an unknown codec', produce('produced', damaged(good, 22, 7)));
    await ask('cut off', produce('produced', good.subarray(0, good.length - 3)));
    await ask('no key where one is needed', produce('keyed', batch(['v'], { key: null })));
    await ask('too large', produce('small', batch(['x'.repeat(300)])));
    await ask('fewer replicas than wanted', produce('safe', batch(['v'])));
    await ask(
      'transactional without an id',
      produce('produced', batch(['v'], idempotent(1, 0, 0, true))),
    );
  },

  async idempotence(script) {
    await makeTopic(script, 'idempotent');
    const init = {
      transactionalId: null,
      transactionTimeoutMs: 1000,
      producerId: -1,
      producerEpoch: -1,
    };
    await script.until('InitProducerId', 4, init, ({ errorCode }) => errorCode === 0);
    const { producerId } = await script.ask('an id', 'InitProducerId', 4, init);
    const send = (step, epoch, sequence, values = ['v']) =>
      script.ask(
        step,
        'Produce',
        9,
        produce('idempotent', batch(values, idempotent(producerId, epoch, sequence))),
      );
    await send('the first', 0, 0);
    await send('the second', 0, 1, ['a', 'b']);
    await send('the second again', 0, 1, ['a', 'b']);
    await send('the first again', 0, 0);
    await send('a gap', 0, 9);
    await send('a part of the second', 0, 2);
    for (let at = 3; at < 9; at++) await send(`sequence ${at}`, 0, at);
    await send('one that is long gone', 0, 0);
    await send('a new epoch, not from 0', 1, 5);
    await send('a new epoch', 1, 0);
    await send('the epoch before', 0, 9);
    await send('after the wrap is no wrap', 1, 2147483647);
  },

  async fetching(script) {
    const topicId = await makeTopic(script, 'fetched', { partitions: 2 });
    await script.quietly('Produce', 9, produce('fetched', batch(['a', 'b', 'c'])));
    const ask = (step, body, version = 17) => script.ask(step, 'Fetch', version, body);
    for (const version of [13, 15, 16, 17]) await ask(`all, v${version}`, fetch(topicId), version);
    await ask('from the middle of a batch', fetch(topicId, { offset: 1 }));
    await ask('at the end', fetch(topicId, { offset: 3 }));
    await ask('behind the end', fetch(topicId, { offset: 4 }));
    await ask('before the begin', fetch(topicId, { offset: -1 }));
    await ask('an unknown partition', fetch(topicId, { index: 9 }));
    await ask('an unknown id', fetch(noSuchId));
    await ask('a newer epoch', fetch(topicId, { epoch: 99 }));
    await ask('read committed', fetch(topicId, { isolationLevel: 1 }));
    await ask('diverging', fetch(topicId, { offset: 3, lastFetchedEpoch: 0 }));
    await ask('an epoch from the future', fetch(topicId, { offset: 3, lastFetchedEpoch: 99 }));
    const begun = await ask('a session', fetch(topicId, { sessionEpoch: 0 }));
    const { sessionId } = begun;
    await ask('the session goes on', fetch(topicId, { sessionId, sessionEpoch: 1, none: true }));
    await ask('the session skips', fetch(topicId, { sessionId, sessionEpoch: 9, none: true }));
    await ask(
      'no such session',
      fetch(topicId, { sessionId: 12_345, sessionEpoch: 1, none: true }),
    );
    await ask('the session ends', fetch(topicId, { sessionId, sessionEpoch: -1, none: true }));
  },

  async 'offsets of a log'(script) {
    await makeTopic(script, 'looked-up');
    await script.quietly('Produce', 9, produce('looked-up', batch(['a', 'b', 'c'])));
    const ask = (step, version, ...rest) =>
      script.ask(step, 'ListOffsets', version, listOffsets('looked-up', ...rest));
    for (const version of [1, 4, 7, 8, 9, 11]) {
      for (const timestamp of [-1, -2, -3, -4, -5, -6, -7, 0]) {
        await ask(`timestamp ${timestamp}, v${version}`, version, timestamp);
      }
    }
    await ask('a time to come', 7, Date.now() + 1e9);
    await ask('another epoch', 7, -1, { epoch: 9 });
    await ask('another partition', 7, -1, { index: 9 });
    await script.ask('another topic', 'ListOffsets', 7, listOffsets('nowhere', -1));
    const of = (step, ...rest) =>
      script.ask(step, 'OffsetForLeaderEpoch', 4, epochs('looked-up', ...rest));
    await of('the end of epoch 0', -1, 0);
    await of('the end of an epoch to come', -1, 7);
    await of('as seen in an epoch to come', 7, 0);
    await of('the end in another partition', -1, 0, 9);
    const cut = (step, ...rest) => script.ask(step, 'DeleteRecords', 2, remove(...rest));
    await cut('records deleted', 'looked-up', 1);
    await cut('records deleted before the begin', 'looked-up', 0);
    await cut('records deleted behind the end', 'looked-up', 99);
    await cut('all records deleted', 'looked-up', -1);
    await cut('records of an unknown topic deleted', 'nowhere', 0);
    await ask('the begin afterwards', 7, -2);
    await ask('the latest time afterwards', 7, -3);
  },
};
