// Compares what the clients were told (the journal) with what Kafka holds, as another client reads
// it: lost, doubled, reordered, delivered wrongly or not at all, committed too far, seen although
// aborted. Gives sentences; none means that everything is as promised.

/** Findings of one kind that are told in full. */
const toldMax = 5;

/**
 * `stored` has the committed records of each topic in the order of their partitions and offsets:
 * `{ topic, partition, offset, key, value }`. `names` says which topic plays which part, `fault`
 * what the fault allows (see faults.mjs).
 */
export function check({ entries, stored, names, allows = {} }) {
  const findings = new Map();
  const find = (kind, sentence) => {
    const list = findings.get(kind) ?? [];
    list.push(sentence);
    findings.set(kind, list);
  };
  const of = (topic) => stored.filter((record) => record.topic === topic);
  checkEvents(entries, find);
  checkSent(entries, of(names.data), find, allows);
  checkOrder(of(names.data), 'data', find);
  if (allows.otherTopic) {
    // Offsets begin anew, and what was read of the old topic is there no more.
    const ids = new Set(entries.filter(({ kind }) => kind === 'delivered').map(({ id }) => id));
    const missed = of(names.data).filter(({ value }) => !ids.has(value));
    for (const { value } of missed) find('undelivered', `${value} of the new topic`);
    checkCopied(of(names.data), of(names.copies), find, true);
  } else {
    checkDelivered(entries, of(names.data), find);
    checkCommitted(entries, find);
    checkCopied(of(names.data), of(names.copies), find);
    if (!allows.movedKeys) checkOrder(of(names.copies), 'copies', find);
  }
  checkTransactions(entries, of(names.pairs), find);
  return [...findings].flatMap(([kind, list]) => {
    const told = list.slice(0, toldMax).map((sentence) => `${kind}: ${sentence}`);
    if (list.length > toldMax) told.push(`${kind}: and ${list.length - toldMax} more`);
    return told;
  });
}

/** What must not happen at all, whatever the fault. */
function checkEvents(entries, find) {
  for (const { kind, what, message } of entries) {
    if (kind === 'finding') find(what, message);
  }
}

function checkSent(entries, records, find, allows) {
  const places = new Map();
  for (const { value, partition, offset } of records) {
    const list = places.get(value) ?? [];
    list.push(`${partition}/${offset}`);
    places.set(value, list);
  }
  const sent = new Set();
  /** The last deletion of the topic: what was sent before may be gone with it. */
  const renewedAt = entries.findLast(({ kind }) => kind === 'renewed')?.at ?? -1;
  const sentAt = new Map();
  for (const { kind, id, partition, offset, code, message, at } of entries) {
    if (kind === 'sent') {
      sent.add(id);
      sentAt.set(id, at);
    } else if (kind === 'acked') {
      const found = places.get(id) ?? [];
      if (sentAt.get(id) <= renewedAt) continue;
      if (found.length === 0) find('lost', `${id} was acknowledged at ${partition}/${offset}`);
      else if (offset >= 0 && !found.includes(`${partition}/${offset}`)) {
        find('misplaced', `${id} lies at ${found}, not at ${partition}/${offset}`);
      }
    } else if (kind === 'failed' && !(allows.failures ?? []).includes(code)) {
      find('refused', `${id}: ${code} ${message}`);
    }
  }
  for (const [id, list] of places) {
    if (list.length > 1) find('doubled', `${id} lies at ${list.join(' and ')}`);
    if (!sent.has(id)) find('invented', `${id} was never sent`);
  }
}

/** Within a partition, the records of a key stand in the order in which they were sent. */
function checkOrder(records, what, find) {
  const last = new Map();
  for (const { partition, offset, key, value } of records) {
    const n = Number(value.split('-').at(-1));
    const line = `${partition} ${key}`;
    const before = last.get(line) ?? -1;
    if (n < before)
      find('reordered', `${what}: ${value} at ${partition}/${offset} after ${before}`);
    last.set(line, n);
  }
}

/**
 * The members of a group start where another stopped or before, so what is delivered for the first
 * time is always the next offset of its partition: a larger one means that something was skipped.
 */
function checkDelivered(entries, records, find) {
  const next = new Map();
  const values = new Map(records.map((r) => [`${r.partition}/${r.offset}`, r.value]));
  for (const { kind, member, partition, offset, id } of entries) {
    if (kind !== 'delivered') continue;
    const place = `${partition}/${offset}`;
    if (values.get(place) !== id) {
      find(
        'delivered wrongly',
        `${member} was given ${id} at ${place}, where ${values.get(place)} is`,
      );
    }
    const expected = next.get(partition) ?? 0;
    if (offset > expected) find('skipped', `${member} went from ${expected} to ${place}`);
    if (offset >= expected) next.set(partition, offset + 1);
  }
  const ends = new Map();
  for (const { partition, offset } of records) ends.set(partition, offset + 1);
  for (const [partition, end] of ends) {
    const reached = next.get(partition) ?? 0;
    if (reached < end) find('undelivered', `partition ${partition} ends at ${end}, not ${reached}`);
  }
}

/** No committed offset lies beyond what the members had worked off by then. */
function checkCommitted(entries, find) {
  const next = new Map();
  const early = new Map();
  for (const { kind, partition, offset } of entries) {
    if (kind === 'processed') {
      const done = early.get(partition) ?? new Set();
      early.set(partition, done.add(offset));
      let at = next.get(partition) ?? 0;
      while (done.delete(at)) at++;
      next.set(partition, at);
    } else if (kind === 'committed' && offset > (next.get(partition) ?? 0)) {
      const worked = next.get(partition) ?? 0;
      find('committed beyond processed', `${offset} of ${partition}, worked off below ${worked}`);
    }
  }
}

/** The exactly-once loop has made one copy of each record. */
function checkCopied(originals, copies, find, mayHaveMore = false) {
  const count = new Map();
  for (const { value } of copies) count.set(value, (count.get(value) ?? 0) + 1);
  for (const { value } of originals) {
    if (!count.has(value)) find('not copied', value);
  }
  const known = new Set(originals.map(({ value }) => value));
  for (const [value, times] of count) {
    if (times > 1) find('copied again', `${value}: ${times} times`);
    if (!known.has(value) && !mayHaveMore) find('copied from nothing', value);
  }
}

/** All of what was committed, once; nothing of what was aborted; all or nothing of the others. */
function checkTransactions(entries, records, find) {
  const count = new Map();
  for (const { value } of records) count.set(value, (count.get(value) ?? 0) + 1);
  for (const { kind, id, outcome, values } of entries) {
    if (kind !== 'transaction') continue;
    const seen = values.filter((value) => count.has(value));
    const twice = values.filter((value) => (count.get(value) ?? 0) > 1);
    if (twice.length > 0) find('doubled', `${twice} of transaction ${id}`);
    if (outcome === 'committed' && seen.length < values.length) {
      find('lost', `transaction ${id} was committed, ${seen.length} of ${values.length} are there`);
    }
    if (outcome === 'aborted' && seen.length > 0) {
      find('aborted but read', `${seen} of transaction ${id}`);
    }
    if (outcome === 'unknown' && seen.length > 0 && seen.length < values.length) {
      find('torn', `${seen.length} of ${values.length} of transaction ${id}`);
    }
  }
  const written = entries.filter(({ kind }) => kind === 'transaction');
  const known = new Set(written.flatMap(({ values }) => values));
  for (const value of count.keys()) if (!known.has(value)) find('invented', value);
}
