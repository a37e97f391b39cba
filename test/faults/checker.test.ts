import { describe, expect, test } from 'vitest';
import { check, type JournalEntry, type StoredRecord } from './checker.mjs';

const names = { data: 'data', copies: 'copies', pairs: 'pairs' };

/** Two records of one key in partition 0 that went the whole way, and two transactions. */
function journal(): JournalEntry[] {
  const of = (n: number) => [
    { kind: 'sent', id: `a-${n}`, key: 'k', at: n },
    { kind: 'acked', id: `a-${n}`, partition: 0, offset: n, at: n },
    { kind: 'delivered', member: 'm1', partition: 0, offset: n, id: `a-${n}` },
    { kind: 'processed', member: 'm1', partition: 0, offset: n },
  ];
  return [
    ...of(0),
    ...of(1),
    { kind: 'committed', partition: 0, offset: 2 },
    { kind: 'transaction', id: 't-0', outcome: 'committed', values: ['t-0.0', 't-0.1'] },
    { kind: 'transaction', id: 't-1', outcome: 'aborted', values: ['t-1.0'] },
    { kind: 'transaction', id: 't-2', outcome: 'unknown', values: ['t-2.0', 't-2.1'] },
  ];
}

function record(topic: string, offset: number, value: string, partition = 0): StoredRecord {
  return { topic, partition, offset, key: 'k', value };
}

function held(): StoredRecord[] {
  return [
    record('data', 0, 'a-0'),
    record('data', 1, 'a-1'),
    record('copies', 0, 'a-0'),
    record('copies', 1, 'a-1'),
    record('pairs', 0, 't-0.0'),
    record('pairs', 1, 't-0.1'),
  ];
}

const without = (value: string, topic: string) =>
  held().filter((one) => one.value !== value || one.topic !== topic);

function kinds(entries: JournalEntry[], stored: StoredRecord[]): (string | undefined)[] {
  const findings = check({ entries, stored, names });
  return [...new Set(findings.map((sentence) => sentence.split(':')[0]))];
}

describe('the checker of the fault matrix', () => {
  test('finds nothing where everything is as promised', () => {
    expect(check({ entries: journal(), stored: held(), names })).toEqual([]);
  });

  test('finds an acknowledged record that is not there', () => {
    expect(kinds(journal(), without('a-1', 'data'))).toContain('lost');
  });

  test('finds a record that lies there twice', () => {
    const stored = [...held(), record('data', 2, 'a-1')];
    expect(kinds(journal(), stored)).toContain('doubled');
  });

  test('finds records of a key out of their order, in the topic and in the copy', () => {
    const swap = (one: StoredRecord) => ({ ...one, value: one.offset === 0 ? 'a-1' : 'a-0' });
    const stored = held().map((one) => (one.topic === 'pairs' ? one : swap(one)));
    expect(kinds(journal(), stored)).toContain('reordered');
    const copied = held().map((one) => (one.topic === 'copies' ? swap(one) : one));
    expect(kinds(journal(), copied)).toEqual(['reordered']);
  });

  test('finds an acknowledgement that names another place', () => {
    const entries = journal().map((one) =>
      one.kind === 'acked' && one.id === 'a-1' ? { ...one, offset: 7 } : one,
    );
    expect(kinds(entries, held())).toEqual(['misplaced']);
  });

  test('finds a record that nobody sent', () => {
    const entries = journal().filter(({ id }) => id !== 'a-1');
    expect(kinds(entries, held())).toContain('invented');
  });

  test('finds a send that was refused, unless the fault may cause it', () => {
    const entries = [
      ...journal(),
      { kind: 'failed', id: 'a-2', code: 'UNKNOWN_TOPIC_ID', message: 'gone' },
    ];
    expect(kinds(entries, held())).toEqual(['refused']);
    const allows = { failures: ['UNKNOWN_TOPIC_ID'] };
    expect(check({ entries, stored: held(), names, allows })).toEqual([]);
  });

  test('finds what the group skipped and what it never came to', () => {
    const skipped = journal().filter(({ kind, offset }) => kind !== 'delivered' || offset !== 0);
    expect(kinds(skipped, held())).toEqual(['skipped']);
    const late = journal().filter(({ kind, offset }) => kind !== 'delivered' || offset !== 1);
    expect(kinds(late, held())).toEqual(['undelivered']);
  });

  test('takes what comes again after a rebalance for what it is', () => {
    const again = { kind: 'delivered', member: 'm2', partition: 0, offset: 1, id: 'a-1' };
    expect(kinds([...journal(), again], held())).toEqual([]);
  });

  test('finds a record delivered as another', () => {
    const entries = journal().map((one) =>
      one.kind === 'delivered' && one.offset === 1 ? { ...one, id: 'a-9' } : one,
    );
    expect(kinds(entries, held())).toEqual(['delivered wrongly']);
  });

  test('finds an offset committed before its record was worked off', () => {
    const entries: JournalEntry[] = [{ kind: 'committed', partition: 0, offset: 1 }, ...journal()];
    expect(kinds(entries, held())).toEqual(['committed beyond processed']);
    const hole = journal().filter(({ kind, offset }) => kind !== 'processed' || offset !== 0);
    expect(kinds(hole, held())).toEqual(['committed beyond processed']);
  });

  test('finds copies that are missing, doubled or of nothing', () => {
    expect(kinds(journal(), without('a-1', 'copies'))).toEqual(['not copied']);
    expect(kinds(journal(), [...held(), record('copies', 2, 'a-1')])).toEqual(['copied again']);
    expect(kinds(journal(), [...held(), record('copies', 2, 'a-5')])).toEqual([
      'copied from nothing',
    ]);
  });

  test('finds transactions that are torn, lost, doubled, or there although aborted', () => {
    expect(kinds(journal(), without('t-0.1', 'pairs'))).toEqual(['lost']);
    expect(kinds(journal(), [...held(), record('pairs', 2, 't-0.1')])).toEqual(['doubled']);
    expect(kinds(journal(), [...held(), record('pairs', 2, 't-1.0')])).toEqual([
      'aborted but read',
    ]);
    expect(kinds(journal(), [...held(), record('pairs', 2, 't-2.0')])).toEqual(['torn']);
  });

  test('lets go of what was sent before its topic was deleted, and of nothing sent later', () => {
    const renewed = { kind: 'renewed', at: 0 };
    const entries = [...journal(), renewed];
    const allows = { otherTopic: true };
    const stored = held().filter(({ topic }) => topic !== 'data');
    const findings = check({ entries, stored, names, allows });
    expect(findings).toEqual(['lost: a-1 was acknowledged at 0/1']);
  });

  test('wants all of a topic that was created again delivered and copied', () => {
    const allows = { otherTopic: true };
    const entries = [...journal(), { kind: 'renewed', at: -1 }].filter(
      ({ kind, offset }) => kind !== 'delivered' || offset !== 1,
    );
    const stored = without('a-0', 'copies');
    expect(check({ entries, stored, names, allows })).toEqual([
      'undelivered: a-1 of the new topic',
      'not copied: a-0',
    ]);
  });

  test('passes on what the clients found themselves', () => {
    const entries = [...journal(), { kind: 'finding', what: 'stands still', message: 'closing' }];
    expect(check({ entries, stored: held(), names })).toEqual(['stands still: closing']);
  });
});
