// What was read: read_committed shows what is committed and nothing else, and a consumer that
// nobody moves goes from record to record, leaving none out and reading none again.
import { listOf } from './history.mjs';

export function checkPolls(history, report) {
  for (const read of history.polls) checkIsolation(history, read, report);
  checkStableOffset(history, report);
  for (const consumer of history.consumers.values()) checkPositions(history, consumer, report);
}

function checkIsolation(history, { tp, offset, value, at, consumer, isolation }, report) {
  const write = history.writes.get(value);
  const read = `${consumer} read ${value} at ${tp}/${offset}`;
  if (write === undefined) return void report.find('invented', `${read}, which was never sent`);
  if (at < write.invokedAt) report.find('read before it was sent', read);
  const txn = history.transactions.get(write.txn);
  if (txn === undefined) return;
  const isAborted = txn.outcome === 'aborted' || !txn.isThere;
  if (isolation === 'read_uncommitted') {
    if (isAborted) report.count('G1a-uncommitted');
  } else if (isAborted) report.find('aborted read (G1a)', `${read}, and ${txn.id} was aborted`);
  else if (at < txn.commitAt) {
    report.find(
      'pre-committed read',
      `${read}, ${txn.commitAt - at} ms before the commit was asked`,
    );
  }
}

/**
 * Whoever reads an offset with read_committed finds every transaction ended that has written before
 * it: otherwise it read beyond the last stable offset.
 */
function checkStableOffset(history, report) {
  const openUntil = new Map();
  for (const [tp, records] of history.final.committed) {
    let last = { commitAt: -1 };
    const list = listOf(openUntil, tp);
    for (const { offset, value } of records) {
      const txn = history.transactions.get(history.writes.get(value)?.txn);
      if (txn?.commitAt > last.commitAt) last = txn;
      list.push({ offset, txn: last });
    }
  }
  for (const { tp, offset, value, at, consumer, isolation } of history.polls) {
    if (isolation !== 'read_committed') continue;
    const before = openUntil.get(tp)?.findLast((each) => each.offset < offset)?.txn;
    if (before === undefined || at >= before.commitAt) continue;
    report.find(
      'read beyond the last stable offset',
      `${consumer} read ${value} at ${tp}/${offset} while ${before.id} was open before it`,
    );
  }
}

/** Whatever moves a position or gives a partition away ends what is known of it. */
function checkPositions(history, consumer, report) {
  const { isolation } = consumer;
  const records = isolation === 'read_committed' ? history.final.committed : history.final.all;
  const positions = new Map();
  for (const entry of consumer.events) {
    if (entry.f === 'assigned' || entry.f === 'revoked') {
      for (const tp of entry.partitions) positions.delete(tp);
    } else if (entry.f === 'seek') {
      if (positions.has(entry.tp)) report.count('moved');
      positions.set(entry.tp, entry.offset);
    } else if (entry.f === 'poll') {
      for (const [tp, offset, value] of entry.records) {
        const position = positions.get(tp) ?? offset;
        const who = `${consumer.consumer} read ${value} at ${tp}/${offset}`;
        if (offset < position) {
          report.find('non-monotonic poll', `${who}, its position was ${position}`);
        }
        const skipped = between(records.get(tp) ?? [], position, offset);
        if (skipped.length > 0) {
          report.find('skipped by poll', `${who} from ${position}, leaving out ${said(skipped)}`);
        }
        positions.set(tp, offset + 1);
      }
    }
  }
}

/** Records in [from, to). */
export function between(records, from, to) {
  return records.filter(({ offset }) => offset >= from && offset < to);
}

export function said(records) {
  const first = records.slice(0, 3).map(({ offset, value }) => `${value} at ${offset}`);
  return records.length > 3
    ? `${first.join(', ')} and ${records.length - 3} more`
    : first.join(', ');
}
