import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../system/simulated/index.js';
import { MarkerWait, markerBackoff } from './marker-wait.js';

/** A broker that, where it gets a transaction too early, looks again after so many milliseconds. */
const lookAgainMs = 20;

interface Cluster {
  /** From the answer to EndTxn until the markers are written. */
  markersMs: number;
  /** What a Produce takes otherwise. */
  produceMs: number;
}

/** Transactions one after the other; what each took from the end of the one before. */
async function transactions(
  wait: MarkerWait,
  clock: ManualClock,
  count: number,
  { markersMs, produceMs }: Cluster,
  workMs = 0,
): Promise<{ tookMs: number; keptBackMs: number }[]> {
  const seen: { tookMs: number; keptBackMs: number }[] = [];
  for (let n = 0; n < count; n++) {
    wait.ended();
    const from = clock.monotonic();
    await clock.advance(workMs);
    const keptBackMs = wait.remaining();
    await clock.advance(keptBackMs);
    expect(wait.remaining()).toBe(0);
    wait.sending();
    let askedAt = clock.monotonic();
    while (askedAt - from < markersMs) askedAt += lookAgainMs;
    await clock.advance(askedAt - clock.monotonic() + produceMs);
    wait.answered();
    seen.push({ tookMs: clock.monotonic() - from, keptBackMs });
  }
  return seen;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

describe('the wait for the markers of the last transaction', () => {
  test('is found where too early a record costs the broker a look more', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    const cluster = { markersMs: 2.3, produceMs: 3 };
    const seen = await transactions(wait, clock, 1000, cluster);
    expect(seen[0]).toEqual({ tookMs: 23, keptBackMs: 0 });
    const later = seen.slice(10).map(({ tookMs }) => tookMs);
    expect(later.filter((tookMs) => tookMs === 7).length).toBeGreaterThan(970);
    expect(mean(later)).toBeLessThan(7.2);
  });

  test('follows a coordinator that becomes slower, and then quicker', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    const cluster = { markersMs: 0.7, produceMs: 3 };
    const last = async () => (await transactions(wait, clock, 200, cluster)).at(-1)?.keptBackMs;
    expect(await last()).toBe(1);
    cluster.markersMs = 5;
    expect(await last()).toBe(8);
    cluster.markersMs = 1.5;
    await transactions(wait, clock, 3000, cluster);
    expect(await last()).toBe(2);
  });

  test('is never tried where a transaction is quick without it', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    const seen = await transactions(wait, clock, 500, { markersMs: 0, produceMs: 9 });
    expect(seen.every(({ keptBackMs }) => keptBackMs === 0)).toBe(true);
  });

  test('is given up where brokers are far away and it changes nothing', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    const seen = await transactions(wait, clock, 1000, { markersMs: 0, produceMs: 40 });
    expect(mean(seen.map(({ tookMs }) => tookMs))).toBeLessThan(40 * 1.005);
  });

  test('is not needed by who begins later anyway, and learns nothing from them', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    const slow = { markersMs: 2, produceMs: 50 };
    const seen = await transactions(wait, clock, 100, slow, 30);
    expect(seen.every(({ keptBackMs }) => keptBackMs === 0)).toBe(true);
    // Work of 1.5 ms between two transactions is less than the markers take.
    const later = await transactions(wait, clock, 100, { markersMs: 2, produceMs: 3 }, 1.5);
    expect(later.at(-1)).toEqual({ tookMs: 5, keptBackMs: 0.5 });
  });

  test('holds for the first record only, and for none before a transaction has ended', async () => {
    const clock = new ManualClock();
    const wait = new MarkerWait(clock);
    expect(wait.remaining()).toBe(0);
    await transactions(wait, clock, 50, { markersMs: 2, produceMs: 3 });
    wait.ended();
    expect(wait.remaining()).toBeGreaterThan(0);
    wait.sending();
    expect(wait.remaining()).toBe(0);
  });
});

test('after CONCURRENT_TRANSACTIONS the first look comes soon, later ones as others do', () => {
  expect([0, 1, 2, 5, 6, 5000].map((attempt) => markerBackoff(attempt, 100))).toEqual([
    2, 4, 8, 64, 100, 100,
  ]);
});
