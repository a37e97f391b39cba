import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../bytes/index.js';
import {
  type FetchRequestDecoded,
  type FetchResponse,
  type FetchResponseDecoded,
} from './messages/fetch.js';
import { legacyFetchRequest, legacyFetchResponse } from './legacy/fetch.js';
import { legacyListOffsetsRequest, legacyListOffsetsResponse } from './legacy/list-offsets.js';
import { legacyOffsetCommitRequest, legacyOffsetCommitResponse } from './legacy/offset-commit.js';
import { legacyOffsetFetchRequest, legacyOffsetFetchResponse } from './legacy/offset-fetch.js';
import { legacyProduceRequest, legacyProduceResponse } from './legacy/produce.js';
import {
  apiByKey,
  type ApiName,
  apis,
  loadApi,
  loadedApi,
  loadLegacy,
  type RequestDecoded,
  type RequestInput,
  type ResponseInput,
} from './index.js';
import type { Decoded, Input } from '../schema/index.js';

describe('loading the messages of an API', () => {
  test('an API is in memory after it was loaded, and is the same object ever after', async () => {
    const first = await loadApi('Heartbeat');
    expect(await loadApi('Heartbeat')).toBe(first);
    expect(loadedApi('Heartbeat')).toBe(first);
    expect(first.request(4)).toBe(first.request(4));
  });

  test('keys lead to APIs, and keys of the controller lead nowhere', () => {
    expect(apiByKey(18)?.name).toBe('ApiVersions');
    expect(apiByKey(52)).toBeUndefined();
    expect(Object.keys(apis).length).toBe(79);
  });

  test('a version outside the range is refused by name', async () => {
    const api = await loadApi('Metadata');
    expect(() => api.request(14)).toThrowError(/Metadata.* 0 to 13, not 14/);
    expect(() => api.response(-1)).toThrowError(/not -1/);
  });

  test('every API loads and has codecs for its first and last version', async () => {
    for (const name of Object.keys(apis) as ApiName[]) {
      const api = await loadApi(name);
      for (const version of api.facts.versions) {
        expect(api.request(version)).toBeDefined();
        expect(api.response(version)).toBeDefined();
      }
    }
  });
});

describe('versions from before Kafka 4', () => {
  test('are refused until they are loaded', async () => {
    const api = await loadApi('OffsetFetch');
    expect(() => api.request(0)).toThrowError(/not 0/);
    await loadLegacy('OffsetFetch');
    const writer = new Writer();
    api.request(0).encode(writer, { groupId: 'g', topics: [{ name: 't', partitionIndexes: [1] }] });
    expect(writer.bytes().toString('hex')).toBe('0001670000000100017400000001' + '00000001');
  });

  test('decode to the shape of the modern request', async () => {
    const api = await loadLegacy('Fetch');
    const bytes = Buffer.from('ffffffff0000006400000001' + '00000000', 'hex');
    const modern: FetchRequestDecoded = api.request(0).decode(new Reader(bytes));
    expect(modern).toMatchObject({ maxWaitMs: 100, minBytes: 1, maxBytes: 0x7fffffff, topics: [] });
    expect(Object.keys(modern).sort()).toEqual(
      Object.keys(
        api.request(4).decode(new Reader(Buffer.concat([bytes, Buffer.alloc(20)]))),
      ).sort(),
    );
  });

  test('take a modern response and leave out what they cannot say', async () => {
    const api = await loadLegacy('Fetch');
    const response: FetchResponse = {
      throttleTimeMs: 5,
      responses: [
        {
          topic: 't',
          partitions: [
            {
              partitionIndex: 0,
              errorCode: 0,
              highWatermark: 7,
              lastStableOffset: 7,
              logStartOffset: 1,
              abortedTransactions: null,
              records: Buffer.from([1, 2]),
            },
          ],
        },
      ],
    };
    const writer = new Writer();
    api.response(0).encode(writer, response);
    expect(writer.bytes().toString('hex')).toBe(
      '00000001000174000000010000000000000000000000000007000000020102',
    );
    expect(api.response(0).decode(new Reader(writer.bytes()))).toMatchObject({
      throttleTimeMs: 0,
      responses: [{ topic: 't', partitions: [{ highWatermark: 7, records: Buffer.from([1, 2]) }] }],
    });
  });

  test('have the types of the modern messages', () => {
    // Compile-time only: each function fails to type-check when the shapes drift apart.
    const decoded = [
      (d: Decoded<typeof legacyProduceRequest>): RequestDecoded<'Produce'> => d,
      (d: Decoded<typeof legacyFetchRequest>): RequestDecoded<'Fetch'> => d,
      (d: Decoded<typeof legacyFetchResponse>): FetchResponseDecoded => d,
      (d: Decoded<typeof legacyListOffsetsRequest>): RequestDecoded<'ListOffsets'> => d,
      (d: Decoded<typeof legacyOffsetCommitRequest>): RequestDecoded<'OffsetCommit'> => d,
      (d: Decoded<typeof legacyOffsetFetchRequest>): RequestDecoded<'OffsetFetch'> => d,
      (d: Input<typeof legacyProduceResponse>): ResponseInput<'Produce'> => d,
      (d: Input<typeof legacyListOffsetsResponse>): ResponseInput<'ListOffsets'> => d,
      (d: Input<typeof legacyOffsetCommitResponse>): ResponseInput<'OffsetCommit'> => d,
      (d: Input<typeof legacyOffsetFetchResponse>): ResponseInput<'OffsetFetch'> => d,
      (d: Input<typeof legacyOffsetFetchRequest>): RequestInput<'OffsetFetch'> => d,
    ];
    expect(decoded).toHaveLength(11);
  });
});
