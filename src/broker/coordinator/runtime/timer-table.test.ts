import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Outcome } from './outcome.js';
import { TimerTable } from './timer-table.js';

type Step =
  | { do: 'schedule'; key: string; delayMs: number }
  | { do: 'cancel'; key: string }
  | { do: 'advance'; ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('schedule' as const), key, delayMs: fc.nat({ max: 20 }) }),
  fc.record({ do: fc.constant('cancel' as const), key }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 15 }) }),
);

/** Takes out all that is due and answers what ran, in order. */
function takeAll(table: TimerTable<string>): string[] {
  const outcome = new Outcome<string>();
  for (let due = table.takeDue(); due !== undefined; due = table.takeDue()) due(outcome, 0);
  return outcome.records.map(({ record }) => record);
}

describe('the table of timers', () => {
  test('lets fall due what a plain list of deadlines does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new TimerTable<string>();
        const list = new Map<string, number>();
        let now = 0;
        for (const next of steps) {
          if (next.do === 'schedule') {
            list.set(next.key, now + next.delayMs);
            table.schedule(next.key, next.delayMs, (outcome) => outcome.write(next.key));
          } else if (next.do === 'cancel') {
            list.delete(next.key);
            table.cancel(next.key);
          } else {
            now += next.ms;
            table.setNow(now);
          }
          const due = [...list].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b);
          for (const [name] of due) list.delete(name);
          const ran = takeAll(table);
          expect(new Set(ran)).toEqual(new Set(due.map(([name]) => name)));
          expect(table.size).toBe(list.size);
          const earliest = table.earliest() ?? Infinity;
          expect(earliest).toBeLessThanOrEqual(Math.min(...list.values()));
          expect(earliest === Infinity).toBe(list.size === 0);
        }
      }),
    );
  });

  test('keeps one place for a key, however often it is moved', () => {
    const table = new TimerTable<string>();
    for (let beat = 0; beat < 1000; beat++) {
      table.setNow(beat);
      table.schedule('session', 100, (outcome) => outcome.write('expired'));
      expect(takeAll(table)).toEqual([]);
    }
    table.setNow(1098);
    expect(takeAll(table)).toEqual([]);
    table.setNow(1099);
    expect(takeAll(table)).toEqual(['expired']);
    expect(table.earliest()).toBeUndefined();
  });

  test('takes equal deadlines in the order they were set', () => {
    const table = new TimerTable<string>();
    for (const name of ['one', 'two', 'three']) {
      table.schedule(name, 5, (outcome) => outcome.write(name));
    }
    table.setNow(5);
    expect(takeAll(table)).toEqual(['one', 'two', 'three']);
  });
});
