// What was written: everything that was acknowledged is there, once, at the place that was told and
// in the order in which it was sent; transactions are there as a whole or not at all.
import { by, listOf } from './history.mjs';

export function checkWrites(history, report) {
  for (const write of history.writes.values()) checkWrite(history, write, report);
  for (const txn of history.transactions.values()) checkTransaction(txn, report);
  for (const [value, places] of history.places) {
    const write = history.writes.get(value);
    if (write === undefined) report.find('invented', `${value} was never sent`);
    else if (places.length > 1) {
      const where = places.map(({ tp, offset }) => `${tp}/${offset}`).join(' and ');
      if (write.idempotent) report.find('duplicate', `${value} lies at ${where}`);
      else report.count('doubled-without-idempotence');
    }
  }
  for (const value of history.visible.keys()) {
    if (!history.places.has(value)) {
      report.find('inconsistent offsets', `${value} is there for read_committed only`);
    }
  }
  checkPlaces(history, report);
  checkRealTime(history, report);
  checkProducerOrder(history, report);
}

function checkWrite(history, write, report) {
  const { value, outcome, acked, txn } = write;
  if (txn !== undefined) return;
  const isThere = history.visible.has(value);
  // One that is told to be at an offset where nothing is, is found there (checkPlaces).
  if (outcome === 'ok' && !isThere && (acked === undefined || history.places.has(value))) {
    report.find('lost write', `${value} was acknowledged`);
  }
  if (outcome === 'fail' && isThere) report.find('refused but written', value);
  if (outcome === 'info' && isThere) report.count('unanswered-write');
}

function checkTransaction({ id, outcome, writes, found, isThere }, report) {
  const missing = writes.length - found.length;
  const share = `${found.length} of ${writes.length} records of ${id}`;
  if (outcome === 'aborted' && isThere) {
    report.find('aborted but visible', `${share}, whose commit was refused or never asked for`);
  } else if (isThere && missing > 0) {
    report.find('torn transaction', `${share} are there (${outcome})`);
  } else if (outcome === 'committed' && missing > 0) {
    report.find('lost write', `${id} was committed, and nothing of it is there`);
  } else if (outcome === 'unknown') {
    report.count(isThere ? 'resolved-commit' : 'resolved-abort');
  }
}

/** One value at an offset, whoever says so: acknowledgements, polls, the log in the end. */
function checkPlaces(history, report) {
  const at = new Map();
  for (const [tp, records] of history.final.all) {
    for (const { offset, value } of records) at.set(`${tp}/${offset}`, value);
  }
  for (const [tp, records] of history.final.committed) {
    for (const { offset, value } of records) {
      const other = at.get(`${tp}/${offset}`);
      if (other !== value) {
        report.find('inconsistent offsets', `${tp}/${offset} is ${value} and ${other}`);
      }
    }
  }
  const told = [
    ...[...history.writes.values()].filter(({ acked }) => acked !== undefined).map(acknowledged),
    ...history.polls.map(({ tp, offset, value, consumer }) => ({
      tp,
      offset,
      value,
      who: consumer,
    })),
  ];
  for (const { tp, offset, value, who } of told) {
    const place = `${tp}/${offset}`;
    const found = at.get(place);
    if (found === undefined) {
      const kind = history.places.has(value) ? 'inconsistent offsets' : 'lost write';
      report.find(kind, `${value} was at ${place} for ${who}, where nothing is now`);
      at.set(place, value);
    } else if (found !== value) {
      report.find('inconsistent offsets', `${place} is ${found}, and ${value} for ${who}`);
    }
  }
}

function acknowledged({ acked: { tp, offset }, value, process }) {
  return { tp, offset, value, who: `${process}, which wrote it` };
}

/** What is sent after another was acknowledged stands behind it, and ends lie behind both. */
function checkRealTime(history, report) {
  const perPartition = new Map();
  for (const write of history.writes.values()) {
    if (write.acked !== undefined) listOf(perPartition, write.acked.tp).push(write);
  }
  for (const [tp, writes] of perPartition) {
    const ended = [...writes].sort(by('endedAt'));
    const asked = [
      ...writes.map((write) => ({ at: write.invokedAt, end: write.acked.offset, write })),
      ...history.ends
        .filter((entry) => entry.tp === tp)
        .map(({ since, offset, consumer }) => ({ at: since, end: offset - 1, consumer })),
    ].sort(by('at'));
    let next = 0;
    let last = { acked: { offset: -1 } };
    for (const { at, end, write, consumer } of asked) {
      for (; next < ended.length && ended[next].endedAt < at; next++) {
        if (ended[next].acked.offset > last.acked.offset) last = ended[next];
      }
      if (end >= last.acked.offset) continue;
      const before = `${last.value} was acknowledged at ${tp}/${last.acked.offset}`;
      if (write === undefined) {
        report.find('stale end', `${before}, then ${consumer} was told that the end is ${end + 1}`);
      } else
        report.find('stale offset', `${before}, then ${write.value} was sent and is at ${end}`);
    }
  }
}

/** The records of one producer stand in a partition in the order in which it sent them. */
function checkProducerOrder(history, report) {
  const turn = new Map([...history.writes.keys()].map((value, at) => [value, at]));
  for (const [tp, records] of history.final.all) {
    const last = new Map();
    for (const { offset, value } of records) {
      const write = history.writes.get(value);
      if (write === undefined) continue;
      const before = last.get(write.process) ?? { at: -1 };
      const at = turn.get(value);
      if (at > before.at) last.set(write.process, { at, value });
      else if (at < before.at && write.idempotent) {
        report.find(
          'non-monotonic send',
          `${value} at ${tp}/${offset} stands after ${before.value}`,
        );
      } else if (at < before.at) report.count('reordered-without-idempotence');
    }
  }
}
