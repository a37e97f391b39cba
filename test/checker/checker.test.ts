import { describe, expect, test } from 'vitest';
import { check, type FinalState, type JournalLine, type Placed } from './checker.mjs';

/** A history in the making: each call is one millisecond later than the one before. */
class Story {
  readonly entries: JournalLine[] = [];
  readonly all: Placed[] = [];
  readonly committed: Placed[] = [];
  groups: Record<string, Record<string, number>> = {};
  #at = 0;

  note(type: JournalLine['type'], f: string, facts: Record<string, unknown> = {}): this {
    this.entries.push({ at: this.#at++, type, f, process: 'p', ...facts });
    return this;
  }

  /** Sends a value that is acknowledged at the offset, and that lies there. */
  send(value: string, tp: string, offset: number, facts: Record<string, unknown> = {}): this {
    return this.asked(value, tp, facts).acked(value, tp, offset).lies(value, tp, offset, facts);
  }

  asked(value: string, tp: string, facts: Record<string, unknown> = {}): this {
    return this.note('invoke', 'send', { value, tp, idempotent: true, ...facts });
  }

  acked(value: string, tp: string, offset: number): this {
    return this.note('ok', 'send', { value, tp, offset });
  }

  lies(value: string, tp: string, offset: number, { visible = true } = {}): this {
    this.all.push([tp, offset, value]);
    if (visible) this.committed.push([tp, offset, value]);
    return this;
  }

  begin(txn: string): this {
    return this.note('invoke', 'begin', { txn });
  }

  commit(txn: string, outcome: JournalLine['type'] = 'ok'): this {
    return this.note('invoke', 'commit', { txn }).note(outcome, 'commit', { txn });
  }

  consumer(consumer: string, facts: Record<string, unknown> = {}): this {
    const usual = { consumer, mode: 'assign', isolation: 'read_committed' };
    return this.note('invoke', 'consumer', { ...usual, ...facts });
  }

  member(consumer: string, facts: Record<string, unknown> = {}): this {
    return this.consumer(consumer, { mode: 'subscribe', group: 'g', ...facts });
  }

  poll(consumer: string, records: Placed[], facts: Record<string, unknown> = {}): this {
    return this.note('ok', 'poll', { consumer, since: this.#at, records, ...facts });
  }

  assigned(consumer: string, ...partitions: string[]): this {
    return this.note('ok', 'assigned', { consumer, partitions });
  }

  commitOffsets(consumer: string, offsets: Record<string, number>, group = 'g'): this {
    const id = `${consumer}-${this.#at}`;
    return this.note('invoke', 'commit-offsets', { id, consumer, group, offsets }).note(
      'ok',
      'commit-offsets',
      { id },
    );
  }

  get judged(): ReturnType<typeof check> {
    const { all, committed, groups } = this;
    return check({ entries: this.entries, final: { all, committed, groups } as FinalState });
  }

  get kinds(): (string | undefined)[] {
    return [...new Set(this.judged.findings.map((sentence) => sentence.split(':')[0]))];
  }
}

const story = () => new Story();

describe('the checker finds nothing', () => {
  test('where records, transactions, reads and offsets are as promised', () => {
    const made = story()
      .send('a', 'x-0', 0)
      .member('m')
      .assigned('m', 'x-0')
      .poll('m', [['x-0', 0, 'a']])
      .commitOffsets('m', { 'x-0': 1 })
      .begin('t')
      .send('b', 'x-0', 1, { txn: 't' })
      .send('c', 'x-1', 0, { txn: 't' })
      .commit('t')
      // A control record lies between.
      .send('d', 'x-0', 3)
      .poll('m', [
        ['x-0', 1, 'b'],
        ['x-0', 3, 'd'],
      ]);
    made.groups = { g: { 'x-0': 1 } };
    expect(made.judged.findings).toEqual([]);
    expect(made.judged.legal).toEqual({});
    expect(made.judged.facts).toMatchObject({ writes: 4, reads: 3, committed: 1 });
  });

  test('where a commit that was never answered is there as a whole, or not at all', () => {
    const made = story().begin('t').send('a', 'x-0', 0, { txn: 't' }).commit('t', 'info');
    made.begin('u').send('b', 'x-0', 2, { txn: 'u', visible: false }).commit('u', 'info');
    expect(made.judged.findings).toEqual([]);
    expect(made.judged.legal).toEqual({ 'resolved-commit': 1, 'resolved-abort': 1 });
  });

  test('where two transactions stand in either order in two partitions, and counts the cycle', () => {
    const made = story().begin('t').begin('u');
    made.send('a', 'x-0', 0, { txn: 't' }).send('b', 'x-0', 1, { txn: 'u' });
    made.send('c', 'x-1', 0, { txn: 'u' }).send('d', 'x-1', 1, { txn: 't' });
    made.commit('t').commit('u');
    expect(made.judged).toMatchObject({ findings: [], legal: { G0: 1 } });
  });

  test('where an open transaction reads what a later one has committed elsewhere', () => {
    const made = story().consumer('c').begin('t').begin('u');
    made.send('a', 'x-0', 0, { txn: 't' }).send('b', 'x-0', 1, { txn: 'u' });
    made.send('c', 'x-1', 0, { txn: 'u' }).commit('u');
    made.poll('c', [['x-1', 0, 'c']], { txn: 't' }).commit('t');
    expect(made.judged).toMatchObject({ findings: [], legal: { 'G1c-ww': 1 } });
  });

  test('where read_uncommitted sees what is aborted', () => {
    const made = story().consumer('c', { isolation: 'read_uncommitted' }).begin('t');
    made.send('a', 'x-0', 0, { txn: 't', visible: false }).poll('c', [['x-0', 0, 'a']]);
    expect(made.judged).toMatchObject({ findings: [], legal: { 'G1a-uncommitted': 1 } });
  });

  test('where a producer without sequence numbers has written twice', () => {
    const made = story().send('a', 'x-0', 0, { idempotent: false }).lies('a', 'x-0', 1);
    const found = made.judged;
    expect(found).toMatchObject({ findings: [], legal: { 'doubled-without-idempotence': 1 } });
  });

  test('where a member goes on at what is committed and reads the rest again', () => {
    const made = story().send('a', 'x-0', 0).send('b', 'x-0', 1).member('m').member('n');
    const both: Placed[] = [
      ['x-0', 0, 'a'],
      ['x-0', 1, 'b'],
    ];
    made.assigned('m', 'x-0').poll('m', both).commitOffsets('m', { 'x-0': 1 });
    made.assigned('n', 'x-0').poll('n', both.slice(1));
    expect(made.judged).toMatchObject({ findings: [], legal: { redelivered: 1 } });
  });
});

describe('the checker finds, of what was written,', () => {
  test('an acknowledged record that is not there', () => {
    expect(story().asked('a', 'x-0').acked('a', 'x-0', 0).kinds).toEqual(['lost write']);
    expect(story().asked('a', 'x-0').acked('a', 'x-0', -1).kinds).toEqual(['lost write']);
  });

  test('a record that somebody has read and that is not there', () => {
    const made = story()
      .asked('a', 'x-0')
      .consumer('c')
      .poll('c', [['x-0', 0, 'a']]);
    expect(made.kinds).toEqual(['lost write']);
  });

  test('a record that lies there twice', () => {
    expect(story().send('a', 'x-0', 0).lies('a', 'x-0', 1).kinds).toEqual(['duplicate']);
  });

  test('a record that lies elsewhere than was told', () => {
    const made = story().asked('a', 'x-0').acked('a', 'x-0', 7).lies('a', 'x-0', 0);
    expect(made.kinds).toEqual(['inconsistent offsets']);
  });

  test('two values at one offset', () => {
    const made = story().send('a', 'x-0', 0).send('b', 'x-0', 1).consumer('c');
    expect(made.poll('c', [['x-0', 1, 'a']]).kinds).toContain('inconsistent offsets');
  });

  test('a record that nobody has sent', () => {
    expect(story().lies('a', 'x-0', 0).kinds).toEqual(['invented']);
  });

  test('a committed transaction of which nothing is there, or a part', () => {
    const made = story().begin('t').asked('a', 'x-0', { txn: 't' }).commit('t');
    expect(made.kinds).toEqual(['lost write']);
    const part = story().begin('t').send('a', 'x-0', 0, { txn: 't' });
    part.send('b', 'x-1', 0, { txn: 't', visible: false }).commit('t', 'info');
    expect(part.kinds).toEqual(['torn transaction']);
  });

  test('an aborted transaction that is there', () => {
    const made = story().begin('t').send('a', 'x-0', 0, { txn: 't' });
    expect(made.kinds).toEqual(['aborted but visible']);
    expect(made.commit('t', 'fail').kinds).toEqual(['aborted but visible']);
  });

  test('a record that was refused, or that only one isolation level shows', () => {
    const made = story().asked('a', 'x-0').note('fail', 'send', { value: 'a' });
    expect(made.lies('a', 'x-0', 0).kinds).toEqual(['refused but written']);
    const hidden = story().send('a', 'x-0', 0, { visible: false });
    expect(hidden.kinds).toEqual(['lost write']);
    hidden.committed.push(['x-0', 1, 'a']);
    expect(hidden.kinds).toEqual(['inconsistent offsets']);
  });

  test('a record that stands before one acknowledged earlier', () => {
    const made = story()
      .send('a', 'x-0', 1, { process: 'p' })
      .send('b', 'x-0', 0, { process: 'q' });
    expect(made.kinds).toEqual(['stale offset']);
  });

  test('an end that lies before an acknowledged record', () => {
    const made = story().send('a', 'x-0', 0).consumer('c');
    made.note('ok', 'ends', { consumer: 'c', since: 50, tp: 'x-0', offset: 0 });
    expect(made.kinds).toEqual(['stale end']);
  });

  test('records of a producer in another order than it sent them', () => {
    const made = story().asked('a', 'x-0').asked('b', 'x-0').acked('a', 'x-0', 1);
    made.acked('b', 'x-0', 0).lies('a', 'x-0', 1).lies('b', 'x-0', 0);
    expect(made.kinds).toEqual(['non-monotonic send']);
  });
});

describe('the checker finds, of what was read,', () => {
  test('an aborted record with read_committed', () => {
    const made = story().consumer('c').begin('t');
    made.send('a', 'x-0', 0, { txn: 't', visible: false }).poll('c', [['x-0', 0, 'a']]);
    expect(made.kinds).toEqual(['aborted read (G1a)']);
  });

  test('a record before it was sent', () => {
    const made = story()
      .consumer('c')
      .poll('c', [['x-0', 0, 'a']])
      .send('a', 'x-0', 0);
    expect(made.kinds).toEqual(['read before it was sent']);
  });

  test('a record before its commit was asked for', () => {
    const made = story().consumer('c').begin('t').send('a', 'x-0', 0, { txn: 't' });
    expect(made.poll('c', [['x-0', 0, 'a']]).commit('t').kinds).toEqual(['pre-committed read']);
  });

  test('a record behind one of an open transaction', () => {
    const made = story().consumer('c').begin('t').send('a', 'x-0', 0, { txn: 't' });
    made
      .send('b', 'x-0', 1)
      .poll('c', [['x-0', 1, 'b']])
      .commit('t');
    expect(made.kinds).toEqual(['read beyond the last stable offset']);
  });

  test('a position that goes back without a reason, and forgives a seek', () => {
    const made = story()
      .send('a', 'x-0', 0)
      .consumer('c')
      .poll('c', [['x-0', 0, 'a']]);
    made.note('ok', 'seek', { consumer: 'c', tp: 'x-0', offset: 0 });
    made.poll('c', [['x-0', 0, 'a']]);
    expect(made.judged).toMatchObject({ findings: [], legal: { moved: 1 } });
    expect(made.poll('c', [['x-0', 0, 'a']]).kinds).toEqual(['non-monotonic poll']);
  });

  test('a record that was left out, between two or behind a seek', () => {
    const sent = () => story().send('a', 'x-0', 0).send('b', 'x-0', 1).send('c', 'x-0', 2);
    const between = sent()
      .consumer('c')
      .poll('c', [
        ['x-0', 0, 'a'],
        ['x-0', 2, 'c'],
      ]);
    expect(between.kinds).toEqual(['skipped by poll']);
    const behind = sent().consumer('c').note('ok', 'seek', { consumer: 'c', tp: 'x-0', offset: 1 });
    expect(behind.poll('c', [['x-0', 2, 'c']]).kinds).toEqual(['skipped by poll']);
  });

  test('a cycle of reads', () => {
    const made = story().consumer('c').consumer('d').begin('t').begin('u');
    made.send('a', 'x-0', 0, { txn: 't' }).send('b', 'x-1', 0, { txn: 'u' });
    made.poll('c', [['x-1', 0, 'b']], { txn: 't' }).poll('d', [['x-0', 0, 'a']], { txn: 'u' });
    expect(made.commit('t').commit('u').kinds).toContain('cycle of reads (G1c)');
  });
});

describe('the checker finds, of groups,', () => {
  test('a record below the commit that no member has read', () => {
    const made = story().send('a', 'x-0', 0).send('b', 'x-0', 1).member('m').assigned('m', 'x-0');
    made.poll('m', [['x-0', 0, 'a']]).commitOffsets('m', { 'x-0': 2 });
    made.groups = { g: { 'x-0': 2 } };
    expect(made.kinds).toEqual(['unread below the commit']);
  });

  test('a member that starts behind what was read', () => {
    const made = story().send('a', 'x-0', 0).send('b', 'x-0', 1).member('m').assigned('m', 'x-0');
    expect(made.poll('m', [['x-0', 1, 'b']]).kinds).toEqual(['skipped by poll']);
  });

  test('a member that starts before what was committed', () => {
    const made = story().send('a', 'x-0', 0).member('m').member('n').assigned('m', 'x-0');
    made.poll('m', [['x-0', 0, 'a']]).commitOffsets('m', { 'x-0': 1 });
    expect(made.assigned('n', 'x-0').poll('n', [['x-0', 0, 'a']]).kinds).toEqual(['rewound']);
  });

  test('a commit that goes back', () => {
    const made = story().member('m').commitOffsets('m', { 'x-0': 2 });
    expect(made.commitOffsets('m', { 'x-0': 1 }).kinds).toEqual(['committed backwards']);
  });

  test('a record that two committed transactions of a group have worked off', () => {
    const made = story().send('a', 'x-0', 0).member('m').assigned('m', 'x-0');
    made.groups = { g: { 'x-0': 1 } };
    for (const [at, txn] of ['t', 'u'].entries()) {
      made.begin(txn).poll('m', [['x-0', 0, 'a']], { txn });
      made.note('ok', 'seek', { consumer: 'm', tp: 'x-0', offset: 0 });
      made.note('invoke', 'offsets', { txn, group: 'g', offsets: { 'x-0': 1 } });
      made.send(`copy ${txn}`, 'y-0', at * 2, { txn }).commit(txn);
    }
    expect(made.kinds).toEqual(['processed twice']);
  });

  test.each([
    ['without the records of their transaction', { 'x-0': 5 }],
    ['of a partition that no transaction speaks of', { 'x-0': 1, 'x-1': 1 }],
    ['less far than a committed transaction', {}],
  ])('offsets %s', (_name, offsets) => {
    const made = story().send('a', 'x-0', 0).member('m').assigned('m', 'x-0').begin('t');
    made.poll('m', [['x-0', 0, 'a']], { txn: 't' });
    made.note('invoke', 'offsets', { txn: 't', group: 'g', offsets: { 'x-0': 1 } });
    made.send('copy', 'y-0', 0, { txn: 't' }).commit('t');
    made.groups = { g: offsets as Record<string, number> };
    expect(made.kinds).toEqual(['torn transaction']);
  });

  test('a commit of a single owner that is read no more', () => {
    const made = story().consumer('c', { group: 'own' });
    made.commitOffsets('c', { 'x-0': 1 }, 'own').commitOffsets('c', { 'x-0': 4 }, 'own');
    const facts = { consumer: 'c', group: 'own', since: 50 };
    const right = { ...facts, offsets: { 'x-0': 4 } };
    made.groups = { own: { 'x-0': 4 } };
    expect(made.note('ok', 'committed', right).kinds).toEqual([]);
    const old = { ...facts, offsets: { 'x-0': 1 } };
    expect(made.note('ok', 'committed', old).kinds).toEqual(['lost commit']);
    made.groups = {};
    expect(made.kinds).toEqual(['lost commit']);
  });
});

test('a client that librdkafka keeps from coming back is counted, and no finding', () => {
  const made = story().note('info', 'hung', { txn: 't' });
  expect(made.judged).toMatchObject({ findings: [], legal: { 'client-hung': 1 } });
});

test('trouble that a client has written down is a finding', () => {
  expect(story().note('info', 'trouble', { message: 'stands still' }).kinds).toEqual(['trouble']);
});
