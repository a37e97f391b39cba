import { expect, test } from 'vitest';
import type { ResponseDecoded } from '../../protocol/index.js';
import { ManualClock } from '../../system/simulated/index.js';
import { MetadataRefresher } from './metadata-refresher.js';

const answer = { brokers: [], topics: [], clusterId: 'c', controllerId: -1, throttleTimeMs: 0 };

/** A refresher whose requests are answered when the test says so. */
function bench() {
  const clock = new ManualClock();
  const open: (() => void)[] = [];
  const silent = () => undefined;
  const refresher = new MetadataRefresher({
    clock,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    metadataMaxAgeMs: 300_000,
    apiTimeoutMs: 60_000,
    request: async () =>
      await new Promise((done) => {
        open.push(() => done(answer as unknown as ResponseDecoded<'Metadata'>));
      }),
    trouble: () => undefined,
    accepted: silent,
    retryBackoff: () => 100,
    delay: async () => undefined,
  });
  return { clock, open, refresher };
}

test('wishes while no broker answers make one more refresh, not one each', async () => {
  const { clock, open, refresher } = bench();
  const warnings: Error[] = [];
  const keep = (warning: Error) => void warnings.push(warning);
  process.on('warning', keep);
  for (let i = 0; i < 50; i++) {
    refresher.refreshSoon('a test');
    await clock.advance(200);
  }
  expect(open).toHaveLength(1);
  open[0]?.();
  await clock.advance(200);
  expect(open).toHaveLength(2);
  open[1]?.();
  await clock.advance(1000);
  expect(open).toHaveLength(2);
  await new Promise((next) => setImmediate(next));
  process.off('warning', keep);
  expect(warnings).toEqual([]);
  refresher.rest();
});
