import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Reader, Writer } from '../../src/bytes/index.js';
import {
  apiByKey,
  type ApiName,
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
  loadApi,
  type LoadedApi,
  loadLegacy,
  responseHeaderVersion,
} from '../../src/protocol/index.js';
import {
  consumerOffsetsRecords,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
  encodeMetadataRecord,
  encodeRecordKey,
  encodeRecordValue,
  metadataRecords,
  type RecordPairs,
  shareGroupStateRecords,
  transactionStateRecords,
} from '../../src/protocol/internal/index.js';
import type { Message } from '../../src/schema/index.js';

interface Frame {
  readonly api: ApiName;
  readonly version: number;
  readonly direction: string;
  readonly bytes: Buffer;
}

function lines(file: string): string[][] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

function frames(file: string): Frame[] {
  return lines(file).map(([key, version, direction, hex]) => {
    const api = apiByKey(Number(key))?.name;
    if (api === undefined || direction === undefined) throw new Error(`${file}: key ${key}`);
    return { api, version: Number(version), direction, bytes: Buffer.from(hex ?? '', 'hex') };
  });
}

const loaded = new Map<ApiName, LoadedApi>();
const files = [
  'java.hex',
  'librdkafka.hex',
  'kafka-python.hex',
  'kafkajs.hex',
  'pykafka.hex',
  'sasl.hex',
];

beforeAll(async () => {
  for (const { api } of files.flatMap(frames)) loaded.set(api, await loadApi(api));
  await Promise.all(
    (['Produce', 'Fetch', 'ListOffsets', 'OffsetCommit', 'OffsetFetch'] as const).map(loadLegacy),
  );
});

/** Reads a recorded frame to its last byte and writes it again. */
function rewritten({ api, version, direction, bytes }: Frame): Buffer {
  const messages = loaded.get(api);
  if (messages === undefined) throw new Error(`${api} is not loaded`);
  const reader = new Reader(bytes);
  const writer = new Writer(64);
  if (direction === 'request') {
    const header = decodeRequestHeader(reader);
    expect(header).toMatchObject({ apiKey: messages.facts.key, apiVersion: version });
    encodeRequestHeader(writer, header, header.headerVersion);
    messages.request(version).encode(writer, messages.request(version).decode(reader));
  } else {
    const headerVersion = responseHeaderVersion(api, version);
    encodeResponseHeader(writer, decodeResponseHeader(reader, headerVersion), headerVersion);
    messages.response(version).encode(writer, messages.response(version).decode(reader));
  }
  reader.expectEnd();
  return writer.bytes();
}

describe('frames recorded between real brokers and other clients', () => {
  test.each(files)('%s: every frame is read whole and written again byte for byte', (file) => {
    for (const frame of frames(file)) {
      const name = `${frame.api} v${frame.version} ${frame.direction}`;
      let again: Buffer;
      try {
        again = rewritten(frame);
      } catch (error) {
        throw new Error(`${name}: ${frame.bytes.toString('hex')}`, { cause: error });
      }
      expect(again.toString('hex'), name).toBe(frame.bytes.toString('hex'));
    }
  });
});

describe('records that a real broker wrote', () => {
  const topics: { readonly [topic: string]: RecordPairs } = {
    __consumer_offsets: consumerOffsetsRecords,
    __transaction_state: transactionStateRecords,
    __share_group_state: shareGroupStateRecords,
  };
  const recorded = lines('internal-records.txt').map(([topic, key, value]) => ({
    topic: topic ?? '',
    key: key === '-' ? null : Buffer.from(key ?? '', 'hex'),
    value: value === '-' ? null : Buffer.from(value ?? '', 'hex'),
  }));

  test('in the internal topics are read and written again byte for byte', () => {
    let seen = 0;
    for (const { topic, key, value } of recorded) {
      const pairs = topics[topic];
      if (pairs === undefined || key === null) continue;
      seen++;
      const record = decodeCoordinatorRecord(pairs, key, value);
      const pair = pairs[record?.type ?? ''];
      if (record === undefined || pair === undefined) throw new Error(key.toString('hex'));
      expect(encodeRecordKey(pair.key, record.key).toString('hex')).toBe(key.toString('hex'));
      if (value === null || record.value === null) {
        expect(record.value).toBe(value);
        continue;
      }
      expect(encodeRecordValue(pair.value, record.version, record.value).toString('hex')).toBe(
        value.toString('hex'),
      );
    }
    expect(seen).toBeGreaterThan(40);
  });

  test('in the metadata log are read and written again byte for byte', () => {
    let seen = 0;
    for (const { topic, key, value } of recorded) {
      if (topic !== '__cluster_metadata' || key !== null || value === null) continue;
      seen++;
      const record = decodeMetadataRecord(value);
      if (record === undefined) throw new Error(value.toString('hex'));
      const message: Message = metadataRecords[record.type];
      const again = encodeMetadataRecord(message, record.version, record.record as never);
      expect(again.toString('hex')).toBe(value.toString('hex'));
    }
    expect(seen).toBeGreaterThan(15);
  });
});
