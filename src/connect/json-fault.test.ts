import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFault } from './json-fault.js';

test.each([
  ['{"n":1}', undefined],
  [' [1, -2.5e3, "a\\u00e9", true, null, {}, []] ', undefined],
  ['', 0],
  ['nope', 0],
  ['{"n":}', 5],
  ['{"n":1,}', 7],
  ['{"n":1', 6],
  ['{n:1}', 1],
  ['{"n" 1}', 5],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['"a\nb"', 2],
  ['"a\\x"', 2],
  ['"never ends', 11],
  ['1 2', 2],
  ['01', 1],
  ['-', 0],
  ['[]]', 2],
  ['truer', 4],
])('%j stops being JSON at %s', (json, at) => {
  expect(jsonFault(json)).toBe(at);
});

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test('agrees with JSON.parse on what is JSON, whatever is done to it', () => {
  const marks = '{ } [ ] , : " \\ 0 1 - . e E t f n true null ü \u0001 \u007f'.split(' ');
  const mark = fc.constantFrom(' ', '\n', ...marks);
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), mark, (json, where, cut, insert) => {
      expect(jsonFault(json)).toBeUndefined();
      const at = where % (json.length + 1);
      const damaged = json.slice(0, at) + insert + json.slice(at + cut);
      const fault = jsonFault(damaged);
      expect(fault === undefined).toBe(isJson(damaged));
      // What stands before the fault can be gone on with; the fault itself cannot.
      if (fault !== undefined) expect(fault).toBeLessThanOrEqual(damaged.length);
    }),
    { numRuns: 2000 },
  );
});

test('a text of a hundred thousand brackets is looked at without a stack of its own', () => {
  expect(jsonFault('['.repeat(100_000))).toBe(100_000);
  expect(jsonFault('['.repeat(100_000) + ']'.repeat(100_000))).toBeUndefined();
});
