// Makes of the journals' lines what the checks ask: who wrote which value, what became of each
// transaction, what each consumer went through, and what lies in the partitions in the end.

/** Orders by one number. */
export const by = (key) => (a, b) => a[key] - b[key];

/** The list of a key in a map of lists. */
export function listOf(map, key) {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = [];
  map.set(key, made);
  return made;
}

/**
 * `entries` are the lines of all journals, `final` what was read when everything had come to rest:
 * `{ all, committed, groups }`, records as `[tp, offset, value]`, groups as `{ group: { tp: n } }`.
 */
export function historyOf(entries, final) {
  const history = {
    writes: new Map(),
    transactions: new Map(),
    consumers: new Map(),
    polls: [],
    ends: [],
    commits: [],
    committedReads: [],
    troubles: [],
    hung: 0,
    final: {
      all: partitionsOf(final.all),
      committed: partitionsOf(final.committed),
      groups: new Map(Object.entries(final.groups ?? {})),
    },
    /** Where a value lies, of all records and of the committed ones. */
    places: placesOf(final.all),
    visible: placesOf(final.committed),
  };
  for (const entry of [...entries].sort(by('at'))) take(history, entry);
  for (const txn of history.transactions.values()) settle(history, txn);
  return history;
}

function partitionsOf(records) {
  const map = new Map();
  for (const [tp, offset, value] of records) listOf(map, tp).push({ offset, value });
  for (const list of map.values()) list.sort(by('offset'));
  return map;
}

function placesOf(records) {
  const map = new Map();
  for (const [tp, offset, value] of records) listOf(map, value).push({ tp, offset });
  return map;
}

function transactionOf(history, id) {
  const found = history.transactions.get(id);
  if (found !== undefined) return found;
  const made = { id, writes: [], reads: [], offsets: [] };
  history.transactions.set(id, made);
  return made;
}

const takers = {
  send: (history, entry) => {
    const { type, value, tp, offset } = entry;
    if (type === 'invoke') {
      const write = { ...entry, invokedAt: entry.at, outcome: 'info' };
      history.writes.set(value, write);
      if (entry.txn !== undefined) transactionOf(history, entry.txn).writes.push(write);
      return;
    }
    const write = history.writes.get(value);
    if (write === undefined) return;
    write.outcome = type;
    write.endedAt = entry.at;
    if (type === 'ok' && offset >= 0) write.acked = { tp, offset };
  },
  begin: (history, { txn, at }) => {
    transactionOf(history, txn).begunAt = at;
  },
  commit: (history, { type, txn, at }) => {
    const transaction = transactionOf(history, txn);
    if (type === 'invoke') transaction.commitAt = at;
    else transaction.commit = type;
  },
  offsets: (history, { type, txn, group, offsets }) => {
    if (type === 'invoke') transactionOf(history, txn).offsets.push({ group, offsets });
  },
  consumer: (history, entry) => {
    history.consumers.set(entry.consumer, { ...entry, events: [] });
  },
  poll: (history, entry) => {
    const consumer = history.consumers.get(entry.consumer);
    const { isolation, group } = consumer;
    consumer.events.push(entry);
    for (const [tp, offset, value] of entry.records) {
      const read = { ...entry, records: undefined, tp, offset, value, isolation, group };
      history.polls.push(read);
      if (entry.txn !== undefined) transactionOf(history, entry.txn).reads.push(read);
    }
  },
  ends: (history, entry) => history.ends.push(entry),
  committed: (history, entry) => history.committedReads.push(entry),
  'commit-offsets': (history, { type, id, at, consumer, group, offsets }) => {
    if (type === 'invoke') {
      history.commits.push({ id, consumer, group, offsets, invokedAt: at, outcome: 'info' });
      return;
    }
    const commit = history.commits.findLast((each) => each.id === id);
    commit.outcome = type;
    commit.endedAt = at;
  },
  hung: (history) => {
    history.hung++;
  },
  trouble: (history, entry) => history.troubles.push(entry),
};

function take(history, entry) {
  const taker = takers[entry.f];
  if (taker !== undefined) taker(history, entry);
  else if (entry.consumer !== undefined) history.consumers.get(entry.consumer)?.events.push(entry);
}

/** Committed, aborted or unknown by what the client was told; there or not by what is in the log. */
function settle(history, txn) {
  if (txn.commitAt === undefined || txn.commit === 'fail') txn.outcome = 'aborted';
  else txn.outcome = txn.commit === 'ok' ? 'committed' : 'unknown';
  txn.found = txn.writes.filter(({ value }) => history.visible.has(value));
  txn.isThere = txn.found.length > 0;
}
