import { describe, expect, test } from 'vitest';
import { hostAndPort, parseAddress, plaintextListener } from './listen-address.js';

describe('addresses', () => {
  const cases: [string, string, number][] = [
    ['localhost:19092', 'localhost', 19092],
    ['localhost', 'localhost', 9092],
    ['0.0.0.0:0', '0.0.0.0', 0],
    [':9093', '', 9093],
    ['9094', '', 9094],
    ['[::1]:9095', '::1', 9095],
    ['PLAINTEXT://kafka:9096', 'kafka', 9096],
    ['PLAINTEXT://:9097', '', 9097],
  ];
  for (const [text, host, port] of cases) {
    test(`'${text}' is read`, () => {
      expect(parseAddress(text, 9092)).toEqual({ host, port });
    });
  }

  for (const text of ['a:b', 'a:1:2', 'a:70000', '']) {
    test(`'${text}' is refused with a hint`, () => {
      expect(() => parseAddress(text, 9092)).toThrow(/is not an address.*host:port/);
    });
  }

  test('IPv6 is written in brackets', () => {
    expect(hostAndPort('::1', 1)).toBe('[::1]:1');
    expect(hostAndPort('a', 1)).toBe('a:1');
  });

  test('the first plaintext listener is taken', () => {
    expect(plaintextListener('SSL://a:1, PLAINTEXT://b:2,PLAINTEXT://c:3')).toBe('PLAINTEXT://b:2');
    expect(plaintextListener('SSL://a:1')).toBeUndefined();
  });
});
