import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../bytes/index.js';
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from './index.js';

const reader = (hex: string): Reader => new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('header versions', () => {
  test('follow the first flexible version of the API', () => {
    expect(requestHeaderVersion('Fetch', 11)).toBe(1);
    expect(requestHeaderVersion('Fetch', 12)).toBe(2);
    expect(responseHeaderVersion('Fetch', 11)).toBe(0);
    expect(responseHeaderVersion('Fetch', 12)).toBe(1);
  });

  test('never rise for APIs without flexible versions', () => {
    expect(requestHeaderVersion('SaslHandshake', 1)).toBe(1);
    expect(responseHeaderVersion('OffsetDelete', 0)).toBe(0);
  });

  test('are 0 for every answer to ApiVersions, which is read before anything is agreed', () => {
    expect(requestHeaderVersion('ApiVersions', 3)).toBe(2);
    for (const version of [0, 3, 5]) expect(responseHeaderVersion('ApiVersions', version)).toBe(0);
  });

  test('of an unknown version are the newest', () => {
    expect(requestHeaderVersion('ApiVersions', 9)).toBe(2);
    expect(requestHeaderVersion('ApiVersions', -1)).toBe(2);
    expect(requestHeaderVersion('Produce', 2)).toBe(1);
  });
});

describe('the request header', () => {
  test('keeps the two-byte length of the client id although the rest is compact', () => {
    const writer = new Writer(8);
    encodeRequestHeader(writer, { apiKey: 18, apiVersion: 3, correlationId: 7, clientId: 'me' }, 2);
    expect(writer.bytes().toString('hex')).toBe('0012000300000007' + '00026d65' + '00');
  });

  test('is read back with key, version and header version', () => {
    expect(decodeRequestHeader(reader('0012 0003 00000007 00026d65 00'))).toEqual({
      apiKey: 18,
      apiVersion: 3,
      correlationId: 7,
      clientId: 'me',
      headerVersion: 2,
    });
    expect(decodeRequestHeader(reader('0003 0001 00000007 ffff')).clientId).toBeNull();
  });

  test('of a key that no broker serves is refused', () => {
    expect(() => decodeRequestHeader(reader('0034 0000 00000007 ffff'))).toThrowError(/key 52/);
  });

  test('keeps unknown tagged fields', () => {
    const header = decodeRequestHeader(reader('0012 0003 00000007 ffff 01 05 01 aa'));
    expect(header.unknownTags).toEqual([{ tag: 5, data: Buffer.from([0xaa]) }]);
  });

  test('of an ApiVersions of the future needs its tag section', () => {
    expect(() => decodeRequestHeader(reader('0012 0063 00000007 ffff'))).toThrowError(/bytes/);
  });
});

describe('the response header', () => {
  test('is the correlation id, and from version 1 on a tag section', () => {
    for (const [version, hex] of [
      [0, '00000009'],
      [1, '0000000900'],
    ] as const) {
      const writer = new Writer(8);
      encodeResponseHeader(writer, { correlationId: 9 }, version);
      expect(writer.bytes().toString('hex')).toBe(hex);
      expect(decodeResponseHeader(reader(hex), version)).toEqual({ correlationId: 9 });
    }
  });

  test('writes back the unknown tags that it brought', () => {
    const header = decodeResponseHeader(reader('00000009 01 03 02 0102'), 1);
    const writer = new Writer(8);
    encodeResponseHeader(writer, header, 1);
    expect(writer.bytes().toString('hex')).toBe('000000090103020102');
  });
});
