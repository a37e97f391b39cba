import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compiledRegex } from './topic-regex.js';

describe('an expression', () => {
  test.each([
    ['t.*', ['t', 'tt', 't-1'], ['at', '']],
    ['a|b|', ['a', 'b', ''], ['ab']],
    ['(?i)TT', ['tt', 'Tt'], ['t']],
    ['(?i:T)t', ['tt', 'Tt'], ['tT']],
    ['(?P<n>t)t', ['tt'], ['t']],
    ['[[:alpha:]]+', ['abc'], ['ab1', '']],
    ['[^a-c]', ['d', '-'], ['a', 'dd']],
    ['[]a-]+', [']-a'], ['b']],
    ['\\pL+\\p{Nd}', ['ab1'], ['a', '11']],
    ['\\Qt.t\\E', ['t.t'], ['tat']],
    ['\\Qab\\E+', ['ab', 'abb'], ['abab']],
    ['t{2,3}', ['tt', 'ttt'], ['t', 'tttt']],
    ['x{,2}', ['x{,2}'], ['xx']],
    ['^tt$', ['tt'], ['ttt']],
    ['a\\b-\\Bx?', [], ['a-x']],
    ['a\\b-\\bx', ['a-x'], ['a-']],
    ['\\x41\\x{42}\\103', ['ABC'], ['abc']],
    ['(a*)*', ['', 'aaa'], ['b']],
    ['[\\d-x]+', ['1-x'], ['a']],
    ['[a\\-z\\d]+', ['a-z', '09'], ['b']],
  ])('%s', (expression, yes, no) => {
    const isMatch = compiledRegex(expression);
    expect(yes.filter((topic) => !isMatch(topic))).toEqual([]);
    expect(no.filter((topic) => isMatch(topic))).toEqual([]);
  });

  // The reasons are what a live Apache Kafka 4.3.1 gave.
  test.each([
    ['(', 'missing closing )'],
    ['[', 'missing closing ]'],
    ['a**', 'invalid nested repetition operator'],
    ['a++', 'invalid nested repetition operator'],
    ['(?=x)', 'invalid or unsupported Perl syntax'],
    ['(?!x)', 'invalid or unsupported Perl syntax'],
    ['(?<!x)', 'invalid or unsupported Perl syntax'],
    ['(a)\\1', 'invalid escape sequence'],
    ['\\C', 'invalid escape sequence'],
    ['a{1001}', 'invalid repeat count'],
    ['[[:foo:]]', 'invalid character class range'],
    ['*', 'missing argument to repetition operator'],
    [')', 'unexpected )'],
    ['((a{1000}){1000})', 'expression is too large'],
    ['(((){1000}){1000}){1000}', 'expression is too large'],
  ])('%s is refused', (expression, reason) => {
    expect(() => compiledRegex(expression)).toThrow(reason);
  });

  test('that would take for ever by trying takes no time', () => {
    expect(compiledRegex('(a+)+(a+)+(a|a)*b')('a'.repeat(249))).toBe(false);
  });

  test('matches what JavaScript matches', () => {
    const leaf = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '(?:)', '^', '$', '\\b');
    const expressions = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{1,}', '*?'))
          .map(([a, count]) => `(?:${a})${count}`),
      ),
    })).node;
    const topics = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 6 });
    fc.assert(
      fc.property(expressions, topics, (expression, topic) => {
        const expected = new RegExp(`^(?:${expression})$`).test(topic);
        expect(compiledRegex(expression)(topic)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
