import { expect, test } from 'vitest';
import { RecentValues } from './recent-values.js';

test('values count for half a minute to a whole one', () => {
  const values = new RecentValues();
  expect([values.average(0), values.max(0)]).toEqual([0, 0]);
  values.add(10, 1000);
  values.add(30, 2000);
  expect([values.average(3000), values.max(3000)]).toEqual([20, 30]);
  values.add(2, 32_000);
  expect([values.average(33_000), values.max(33_000)]).toEqual([14, 30]);
  expect([values.average(62_000), values.max(62_000)]).toEqual([2, 2]);
  expect([values.average(200_000), values.max(200_000)]).toEqual([0, 0]);
});
