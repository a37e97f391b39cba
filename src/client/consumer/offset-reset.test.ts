import { expect, test } from 'vitest';
import { durationOf, resetTimestamp } from './offset-reset.js';

test.each([
  ['by_duration:PT1H', 3_600_000],
  ['by_duration:P1DT2M', 86_520_000],
  ['by_duration:PT0.25S', 250],
  ['by_duration:P', undefined],
  ['by_duration:P1DT', undefined],
  ['by_duration:-PT1H', undefined],
  ['by_duration:1h', undefined],
  ['PT1H', undefined],
])('%s is %s ms', (text, ms) => {
  expect(durationOf(text)).toBe(ms);
});

test('a duration counts from now, and never goes before the beginning', () => {
  expect(resetTimestamp('by_duration:PT1S', 5000)).toBe(4000);
  expect(resetTimestamp('by_duration:PT9S', 5000)).toBe(0);
  expect(resetTimestamp('none', 5000)).toBeUndefined();
  expect(resetTimestamp('earliest', 5000)).toBe(-2);
  expect(resetTimestamp('latest', 5000)).toBe(-1);
});
