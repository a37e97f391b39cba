import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Reader } from '../../src/bytes/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import {
  type ApiName,
  apis,
  decodeAssignment,
  decodeRequestHeader,
  decodeSubscription,
  FrameCutter,
  loadApi,
  loadedApi,
  loadLegacy,
} from '../../src/protocol/index.js';
import {
  consumerOffsetsRecords,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
} from '../../src/protocol/internal/index.js';
import { weightMax } from '../../src/schema/index.js';

const runs = 20 * Number(process.env['KAFKIT_CASES'] ?? 20);
const seed = Number(process.env['KAFKIT_SEED'] ?? 45);

beforeAll(async () => {
  for (const name of Object.keys(apis) as ApiName[]) await loadApi(name);
  for (const name of ['Produce', 'Fetch', 'ListOffsets'] as const) await loadLegacy(name);
});

/** Reads a frame as a server does; anything but a value or a KafkaError fails the test. */
function readRequest(frame: Buffer): void {
  onlyKafkaErrors(() => {
    const reader = new Reader(frame);
    const header = decodeRequestHeader(reader);
    const facts = Object.values(apis).find((api) => api.key === header.apiKey);
    if (facts !== undefined) loadedApi(facts.name)?.request(header.apiVersion).decode(reader);
  });
}

function onlyKafkaErrors(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!isKafkaError(error)) throw error;
  }
}

describe('bytes that nobody meant as Kafka', { timeout: 30_000 + 10 * runs }, () => {
  test('give frames or a KafkaError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (chunks) => {
        const cutter = new FrameCutter(1000);
        onlyKafkaErrors(() => {
          for (const chunk of chunks) cutter.push(Buffer.from(chunk), readRequest);
        });
        expect(cutter.buffered).toBeLessThanOrEqual(1004);
      }),
      { numRuns: runs, seed },
    );
  });

  test('behind a valid key and version are a request or a KafkaError', () => {
    const anyApi = fc.constantFrom(...Object.values(apis));
    fc.assert(
      fc.property(
        anyApi,
        fc.nat(),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (api, pick, body, zeros) => {
          const [min, max] = api.versions;
          const head = Buffer.alloc(11);
          head.writeInt16BE(api.key, 0);
          head.writeInt16BE(min + (pick % (max - min + 1)), 2);
          head.writeInt16BE(-1, 8);
          const noise = zeros ? body.map((byte) => (byte < 170 ? byte % 4 : byte)) : body;
          readRequest(Buffer.concat([head, noise]));
        },
      ),
      { numRuns: runs * 5, seed },
    );
  });

  test('in place of internal records are a record or a KafkaError', () => {
    fc.assert(
      fc.property(
        fc.nat(24),
        fc.nat(5),
        fc.uint8Array({ maxLength: 80 }),
        (kind, version, body) => {
          const key = Buffer.concat([Buffer.from([0, kind]), body]);
          const value = Buffer.concat([Buffer.from([0, version]), body]);
          onlyKafkaErrors(() => decodeCoordinatorRecord(consumerOffsetsRecords, key, value));
          onlyKafkaErrors(() => decodeSubscription(value));
          onlyKafkaErrors(() => decodeAssignment(value));
          onlyKafkaErrors(() => decodeMetadataRecord(Buffer.from([1, kind, version, ...body])));
        },
      ),
      { numRuns: runs * 5, seed },
    );
  });
});

describe('a message that is all small elements', () => {
  const head = (key: number, version: number, body: number): Buffer => {
    const frame = Buffer.alloc(11 + body);
    frame.writeInt16BE(key, 0);
    frame.writeInt16BE(version, 2);
    frame.writeInt16BE(-1, 8);
    return frame;
  };

  test('is refused before its elements outgrow the budget', () => {
    // Metadata v9 with as many topics, of two bytes each, as thirty megabytes can announce.
    const frame = head(3, 9, 30 << 20);
    frame.fill(1, 11);
    const count = weightMax / 8 + 2;
    const start = 11;
    let rest = count;
    let at = start;
    while (rest > 0x7f) {
      frame[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    frame[at] = rest;
    const before = process.memoryUsage().heapUsed;
    expect(() => {
      const reader = new Reader(frame);
      decodeRequestHeader(reader);
      loadedApi('Metadata')?.request(9).decode(reader);
    }).toThrowError(/elements than any/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 << 20);
  });

  test('may not hide them in nested arrays or unknown tags either', () => {
    // Fetch v4: one topic after the other, each with a count of zero partitions.
    const topics = weightMax / 8 + 1;
    const frame = head(1, 4, 17 + 4 + topics * 6);
    const reader = new Reader(frame);
    decodeRequestHeader(reader);
    frame.writeInt32BE(topics, 10 + 17);
    expect(() => loadedApi('Fetch')?.request(4).decode(reader)).toThrowError(/elements than any/);
    const tags = head(18, 3, 1 << 20);
    // Header tags none, software name and version empty, then tags of no bytes.
    tags.set([0, 1, 1, 0xff, 0xff, 0xff, 0x7f], 10);
    const tagReader = new Reader(tags);
    decodeRequestHeader(tagReader);
    expect(() => loadedApi('ApiVersions')?.request(3).decode(tagReader)).toThrowError(
      /elements than any/,
    );
  });
});
