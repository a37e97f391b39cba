import { expect, test } from 'vitest';
import { serverPattern } from './server-pattern.js';

test.each([
  [/^orders-\d+$/, 'orders-12', 'my-orders-12'],
  [/orders/, 'my-orders-12', 'order'],
  [/^(a|b)$|^c/i, 'Cx', 'ab'],
])('%s means to the brokers what it means here', (expression, yes, no) => {
  const written = serverPattern(expression).replace(/^\(\?i\)/, '');
  const whole = new RegExp(`^(?:${written})$`, expression.flags);
  for (const name of [yes, no]) expect(whole.test(name)).toBe(expression.test(name));
  expect(whole.test(yes)).toBe(true);
});

test.each([/a(?=b)/, /(?<!a)b/, /(a)\1/, /(?<name>a)/])('%s fails: RE2 has no such thing', (it) => {
  expect(() => serverPattern(it)).toThrow(/Brokers cannot evaluate/);
});
