// Transactions of both kinds: partitions named first, and an epoch for each (KIP-890).
import { batch, commit, fetch, idempotent, makeTopic, produce } from './bodies.mjs';

const init = (transactionalId, more = {}) => ({
  transactionalId,
  transactionTimeoutMs: more.timeoutMs ?? 60_000,
  producerId: more.producerId ?? -1,
  producerEpoch: more.producerEpoch ?? -1,
});
const end = (transactionalId, producerId, producerEpoch, committed = true) => ({
  transactionalId,
  producerId,
  producerEpoch,
  committed,
});
const add = (transactionalId, producerId, producerEpoch, name, ...partitions) => ({
  v3AndBelowTransactionalId: transactionalId,
  v3AndBelowProducerId: producerId,
  v3AndBelowProducerEpoch: producerEpoch,
  v3AndBelowTopics: [{ name, partitions }],
});
const ended = (answer) =>
  answer.errorCode !== 51 && answer.errorCode !== 14 && answer.errorCode !== 16;

/** Begins with a producer id, asked for until the coordinator is there. */
async function begun(script, step, transactionalId) {
  await script.until(
    'FindCoordinator',
    4,
    { keyType: 1, coordinatorKeys: [transactionalId] },
    ({ coordinators }) => coordinators[0].errorCode === 0,
  );
  await script.until('InitProducerId', 4, init(transactionalId), ended);
  return script.ask(step, 'InitProducerId', 4, init(transactionalId));
}

export const scripts = {
  async beginning(script) {
    await makeTopic(script, 'tx', { partitions: 2 });
    await begun(script, 'an id again', 'begin');
    const ask = (step, body) => script.ask(step, 'InitProducerId', 4, body);
    await ask('an empty id', init(''));
    await ask('no time', init('begin', { timeoutMs: 0 }));
    await ask('too much time', init('begin', { timeoutMs: 1e9 }));
    await ask(
      'a producer that is another',
      init('begin', { producerId: 999_999, producerEpoch: 0 }),
    );
    await ask(
      'an epoch from the future',
      init('begin', { producerId: 999_999, producerEpoch: 99 }),
    );
  },

  async 'with partitions named first'(script) {
    const { producerId: id, producerEpoch: epoch } = await begun(script, 'begins', 'first');
    const adds = (step, ...rest) =>
      script.ask(step, 'AddPartitionsToTxn', 3, add('first', ...rest));
    const ends = (step, ...rest) => script.ask(step, 'EndTxn', 4, end('first', ...rest));
    const sends = (step, sequence, more = {}) =>
      script.ask(
        step,
        'Produce',
        11,
        produce('tx', batch(['v'], idempotent(id, more.epoch ?? epoch, sequence, true)), {
          transactionalId: 'first',
          index: more.index ?? 0,
        }),
      );
    await ends('ends without having begun', id, epoch);
    await sends('sends what is in no transaction', 0);
    await adds('an unknown topic', id, epoch, 'nowhere', 0);
    await adds('a partition', id, epoch, 'tx', 0);
    await adds('a partition of another producer', id + 1000, epoch, 'tx', 0);
    await adds('a partition of an older epoch', id, epoch - 1, 'tx', 0);
    await sends('sends', 0);
    await sends('sends to a partition that is not in it', 0, { index: 1 });
    const topicId = (await script.quietly('Metadata', 12, { topics: [{ name: 'tx' }] })).topics[0]
      .topicId;
    await script.ask('what is committed', 'Fetch', 17, fetch(topicId, { isolationLevel: 1 }));
    await script.ask(
      'described',
      'DescribeTransactions',
      0,
      { transactionalIds: ['first', 'nobody', ''] },
      {
        keep: ({ transactionStates }) =>
          transactionStates.map(({ errorCode, transactionState, topics }) => [
            errorCode,
            transactionState,
            topics,
          ]),
      },
    );
    await script.ask(
      'listed',
      'ListTransactions',
      1,
      {
        stateFilters: ['Ongoing', 'NoSuchState'],
        producerIdFilters: [],
      },
      { keep: ({ errorCode, unknownStateFilters }) => [errorCode, unknownStateFilters] },
    );
    await ends('commits', id, epoch);
    await script.until('EndTxn', 4, end('first', id, epoch), ended);
    await ends('commits again', id, epoch);
    await ends('aborts what it has committed', id, epoch, false);
    await ends('of an older epoch', id, epoch - 1);
    await ends('of another producer', id + 1000, epoch);
    await script.ask(
      'what is committed afterwards',
      'Fetch',
      17,
      fetch(topicId, { isolationLevel: 1 }),
    );
    await adds('another one', id, epoch, 'tx', 0);
    await sends('sends again', 1);
    await ends('aborts', id, epoch, false);
    await script.until('EndTxn', 4, end('first', id, epoch, false), ended);
    await script.ask(
      'what is aborted',
      'Fetch',
      17,
      fetch(topicId, { isolationLevel: 1, offset: 2 }),
    );
    // Numbers of an aborted batch, given out again: the log takes the batch for a repetition.
    await adds('a third one', id, epoch, 'tx', 0);
    await sends('sends with the numbers of what was aborted', 1);
    await ends('commits nothing new', id, epoch);
    await script.until('EndTxn', 4, end('first', id, epoch), ended);
    await script.ask('offsets of a group', 'AddOffsetsToTxn', 3, {
      transactionalId: 'first',
      producerId: id,
      producerEpoch: epoch,
      groupId: 'txg',
    });
    const offsets = commit('txg', 'tx');
    const inTransaction = {
      transactionalId: 'first',
      groupId: 'txg',
      producerId: id,
      producerEpoch: epoch,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: offsets.topics,
    };
    await script.ask('committed within', 'TxnOffsetCommit', 4, inTransaction);
    await script.ask('committed by an older epoch', 'TxnOffsetCommit', 4, {
      ...inTransaction,
      producerEpoch: epoch - 1,
    });
    const all = { groups: [{ groupId: 'txg', memberId: null, memberEpoch: -1, topics: null }] };
    await script.ask('not yet', 'OffsetFetch', 8, { ...all, requireStable: false });
    await script.ask('not stable', 'OffsetFetch', 8, { ...all, requireStable: true });
    await ends('commits the offsets', id, epoch);
    await script.until('EndTxn', 4, end('first', id, epoch), ended);
    await script.until(
      'OffsetFetch',
      8,
      { ...all, requireStable: true },
      ({ groups }) =>
        groups[0].topics.length > 0 && groups[0].topics[0].partitions[0].errorCode === 0,
    );
    await script.ask('there', 'OffsetFetch', 8, { ...all, requireStable: true });
  },

  async 'with an epoch for each'(script) {
    const { producerId: id, producerEpoch: epoch } = await begun(script, 'begins', 'second');
    const ends = (step, ...rest) => script.ask(step, 'EndTxn', 5, end('second', ...rest));
    const sends = (step, producerEpoch, sequence) =>
      script.ask(
        step,
        'Produce',
        12,
        produce('tx', batch(['v'], idempotent(id, producerEpoch, sequence, true)), {
          transactionalId: 'second',
          index: 1,
        }),
      );
    await ends('commits nothing', id, epoch);
    await sends('sends', epoch, 0);
    await ends('commits', id, epoch);
    await script.until('EndTxn', 5, end('second', id, epoch), ended);
    await ends('commits again', id, epoch);
    await ends('aborts what it has committed', id, epoch, false);
    await sends('sends with the epoch before', epoch, 1);
    await sends('sends with the next', epoch + 1, 0);
    await ends('ends with the epoch before', id, epoch);
    await ends('aborts', id, epoch + 1, false);
    await script.until('EndTxn', 5, end('second', id, epoch + 1, false), ended);
    await ends('aborts nothing', id, epoch + 2, false);
    await sends('not from 0', epoch + 3, 7);
  },
};
