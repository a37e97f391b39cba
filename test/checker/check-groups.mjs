// What groups committed: an offset never goes back, nobody starts before or behind what was
// committed, nothing below it was left unread; offsets of transactions come with their records, and
// what one owner commits alone reads as a register does.
import { between, said } from './check-polls.mjs';
import { listOf } from './history.mjs';

export function checkGroups(history, report) {
  const groups = new Map();
  for (const consumer of history.consumers.values()) {
    if (consumer.group !== undefined) listOf(groups, consumer.group).push(consumer);
  }
  for (const [group, members] of groups) {
    if (members[0].mode === 'subscribe') checkMembers(history, group, members, report);
    else checkRegister(history, group, report);
  }
  checkTransactionalOffsets(history, report);
}

/** Acknowledged commits of a group: those of its consumers and those of its transactions. */
function commitsOf(history, group) {
  const plain = history.commits.filter((commit) => commit.group === group);
  const transactional = [...history.transactions.values()].flatMap((txn) =>
    txn.offsets
      .filter((each) => each.group === group && txn.isThere)
      .map(({ offsets }) => ({
        consumer: txn.id,
        offsets,
        invokedAt: txn.commitAt,
        // The markers are written some time after the answer.
        endedAt: undefined,
        outcome: 'info',
      })),
  );
  return [...plain, ...transactional];
}

function checkMembers(history, group, members, report) {
  const commits = commitsOf(history, group);
  const isCommitted = members[0].isolation === 'read_committed';
  const records = isCommitted ? history.final.committed : history.final.all;
  checkRegression(group, commits, report);
  const delivered = new Map();
  const fresh = new Map();
  const events = members.flatMap(({ consumer, events: own }) =>
    own.map((entry) => ({ ...entry, member: consumer })),
  );
  events.sort((a, b) => a.at - b.at);
  for (const entry of events) {
    if (entry.f === 'assigned') {
      for (const tp of entry.partitions) fresh.set(`${entry.member} ${tp}`, entry.at);
    } else if (entry.f === 'seek') fresh.delete(`${entry.member} ${entry.tp}`);
    else if (entry.f === 'poll') {
      for (const [tp, offset, value] of entry.records) {
        if (!delivered.has(tp)) delivered.set(tp, new Set());
        const seen = delivered.get(tp);
        const start = fresh.get(`${entry.member} ${tp}`);
        if (start !== undefined) {
          fresh.delete(`${entry.member} ${tp}`);
          const who = `${entry.member} started at ${value} at ${tp}/${offset}`;
          const left = between(records.get(tp) ?? [], 0, offset).filter((r) => !seen.has(r.offset));
          if (left.length > 0) {
            report.find('skipped by poll', `${who}, nobody of ${group} had read ${said(left)}`);
          }
          checkStart(commits, { tp, offset, start, who }, report);
        }
        if (seen.has(offset)) report.count('redelivered');
        seen.add(offset);
      }
    }
  }
  for (const [tp, offset] of Object.entries(history.final.groups.get(group) ?? {})) {
    const seen = delivered.get(tp) ?? new Set();
    const left = between(records.get(tp) ?? [], 0, offset).filter((r) => !seen.has(r.offset));
    if (left.length > 0) {
      report.find('unread below the commit', `${group} stands at ${tp}/${offset}: ${said(left)}`);
    }
  }
}

/** Who is given a partition starts at the newest commit that was answered by then, or behind it. */
function checkStart(commits, { tp, offset, start, who }, report) {
  for (const commit of commits) {
    const committed = commit.offsets[tp];
    if (commit.outcome !== 'ok' || committed === undefined || commit.endedAt >= start) continue;
    if (committed > offset) {
      const before = `${commit.consumer} had committed ${committed}`;
      report.find('rewound', `${who}, ${start - commit.endedAt} ms after ${before}`);
      return;
    }
  }
}

/** Only who holds a partition commits it, so what is committed of it never goes back. */
function checkRegression(group, commits, report) {
  const done = commits.filter(({ outcome }) => outcome === 'ok');
  done.sort((a, b) => a.endedAt - b.endedAt);
  const high = new Map();
  for (const commit of done) {
    for (const [tp, offset] of Object.entries(commit.offsets)) {
      const before = high.get(tp);
      if (before !== undefined && before.offset > offset && before.endedAt < commit.invokedAt) {
        report.find(
          'committed backwards',
          `${commit.consumer} committed ${offset} of ${tp} for ${group} after ` +
            `${before.consumer} had committed ${before.offset}`,
        );
      }
      if (before === undefined || before.offset < offset) high.set(tp, { ...commit, offset });
    }
  }
}

/** Offsets with one owner and no group's generations: each read gives a write that may be newest. */
function checkRegister(history, group, report) {
  const commits = history.commits.filter((commit) => commit.group === group);
  const reads = history.committedReads.filter((read) => read.group === group);
  const end = { since: Number.MAX_VALUE, at: Number.MAX_VALUE, consumer: 'the last reader' };
  const last = history.final.groups.get(group);
  if (last !== undefined) reads.push({ ...end, offsets: last });
  for (const { since, at, offsets, consumer } of reads) {
    const partitions = commits.flatMap((commit) => Object.keys(commit.offsets));
    for (const tp of new Set([...Object.keys(offsets), ...partitions])) {
      if (last === offsets || tp in offsets) {
        checkRegisterRead({ commits, since, at, consumer, tp, read: offsets[tp] ?? -1 }, report);
      }
    }
  }
}

function checkRegisterRead({ commits, since, at, consumer, tp, read }, report) {
  const writes = commits.filter(({ offsets, outcome }) => tp in offsets && outcome !== 'fail');
  const surely = writes.filter(({ outcome, endedAt }) => outcome === 'ok' && endedAt < since);
  if (read < 0) {
    if (surely.length > 0) {
      report.find(
        'lost commit',
        `${consumer} found nothing for ${tp}, ${surely.length} had succeeded`,
      );
    }
    return;
  }
  const mayBe = writes.filter(({ offsets, invokedAt }) => offsets[tp] === read && invokedAt <= at);
  const isNewest = (write) =>
    write.outcome !== 'ok' || !surely.some(({ invokedAt }) => invokedAt > write.endedAt);
  if (mayBe.some(isNewest)) return;
  const newest = surely.at(-1)?.offsets[tp];
  report.find(
    'lost commit',
    `${consumer} found ${read} for ${tp}, the newest commit was ${newest}`,
  );
}

/** In a group that commits by transactions only, each record counts once, and offsets with it. */
function checkTransactionalOffsets(history, report) {
  const counted = new Map();
  const reached = new Map();
  for (const txn of history.transactions.values()) {
    if (!txn.isThere) continue;
    for (const { group, offsets } of txn.offsets) {
      for (const [tp, offset] of Object.entries(offsets)) {
        const line = `${group} ${tp}`;
        reached.set(line, Math.max(reached.get(line) ?? -1, offset));
      }
      for (const read of txn.reads) {
        const line = `${group} ${read.tp}/${read.offset}`;
        const other = counted.get(line);
        if (other !== undefined && other !== txn.id) {
          report.find('processed twice', `${read.value} by ${other} and ${txn.id} of ${group}`);
        }
        counted.set(line, txn.id);
      }
    }
  }
  const groups = new Set([...reached.keys()].map((line) => line.split(' ')[0]));
  for (const group of groups) {
    const final = history.final.groups.get(group) ?? {};
    const wanted = [...reached].filter(([line]) => line.startsWith(`${group} `));
    for (const [line, offset] of wanted) {
      const found = final[line.split(' ')[1]] ?? -1;
      if (found !== offset) {
        const what = found < offset ? 'are missing' : 'came without their records';
        report.find('torn transaction', `offsets ${what}: ${line} is ${found}, not ${offset}`);
      }
    }
    for (const [tp, offset] of Object.entries(final)) {
      if (offset < 0 || reached.has(`${group} ${tp}`)) continue;
      report.find(
        'torn transaction',
        `offsets came without their records: ${group} ${tp} ${offset}`,
      );
    }
  }
}
