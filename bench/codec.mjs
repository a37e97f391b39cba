// Encoding and decoding of messages: the compiled codec, its interpreted twin, kafkajs and
// @platformatic/kafka where they do the same work.
//
//   npm run build && cd bench && npm ci && node codec.mjs [--quick] [--json]
//
// Figures are µs per message, the best of several rounds; a ratio says how many times as long the
// other takes. kafkajs ends at Fetch v11 and Metadata v6, platformatic begins at v12 and v9. Record
// sets are empty where kafkajs would read them on the way.
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

const dist = new URL(process.env.KAFKIT_DIST ?? '../dist/', import.meta.url);
const { Reader, Writer } = await import(new URL('bytes/index.js', dist));
const { compiledCodec, interpretedCodec } = await import(new URL('schema/index.js', dist));
const require = createRequire(import.meta.url);
const platformaticApis = new URL('./node_modules/@platformatic/kafka/dist/apis/', import.meta.url);

const quick = process.argv.includes('--quick');
const roundMs = quick ? 40 : 200;
const rounds = quick ? 3 : 6;
const topicId = 'AAECAwQFBgcICQoLDA0ODw';
const topicUuid = '00010203-0405-0607-0809-0a0b0c0d0e0f';

const fetchRequest = (version, partitions) => ({
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 52428800,
  sessionEpoch: -1,
  topics: [
    {
      ...(version >= 13 ? { topicId } : { topic: 'orders-of-the-day' }),
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        partition,
        currentLeaderEpoch: 3,
        fetchOffset: 1000 + partition,
        partitionMaxBytes: 1048576,
      })),
    },
  ],
});

const fetchResponse = (version, partitions, records) => ({
  responses: [
    {
      ...(version >= 13 ? { topicId } : { topic: 'orders-of-the-day' }),
      partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 2000 + partitionIndex,
        lastStableOffset: 2000,
        logStartOffset: 0,
        abortedTransactions: [],
        records,
      })),
    },
  ],
});

const produceRequest = (partitions) => ({
  acks: -1,
  timeoutMs: 30000,
  topicData: [
    {
      name: 'orders-of-the-day',
      partitionData: Array.from({ length: partitions }, (_, index) => ({
        index,
        records: Buffer.alloc(1000),
      })),
    },
  ],
});

const metadataResponse = (topics) => ({
  brokers: [1, 2, 3].map((nodeId) => ({ nodeId, host: `broker-${nodeId}.example`, port: 9092 })),
  clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
  controllerId: 1,
  topics: Array.from({ length: topics }, (_, n) => ({
    errorCode: 0,
    name: `topic-number-${n}`,
    isInternal: false,
    partitions: [0, 1, 2].map((partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1 + (partitionIndex % 3),
      replicaNodes: [1, 2, 3],
      isrNodes: [1, 2, 3],
      offlineReplicas: [],
    })),
  })),
});

/** µs per call: the best of several rounds, each long enough to time. */
async function measure(call) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    let count = 0;
    const started = performance.now();
    let now = started;
    while (now - started < roundMs) {
      for (let n = 0; n < 10; n++) {
        const pending = call();
        if (pending instanceof Promise) await pending;
      }
      count += 10;
      now = performance.now();
    }
    best = Math.min(best, ((now - started) * 1000) / count);
  }
  return best;
}

const rows = [];

/** Times a message in both directions with both twins, and the rivals given. */
async function compare(name, message, version, value, rivals = {}) {
  const bytes = encoded(compiledCodec(message, version), value);
  for (const direction of ['encode', 'decode']) {
    const row = { name: `${name} v${version} ${direction}` };
    for (const [twin, make] of [
      ['compiled', compiledCodec],
      ['interpreted', interpretedCodec],
    ]) {
      const codec = make(message, version);
      const call =
        direction === 'encode'
          ? () => encoded(codec, value)
          : () => codec.decode(new Reader(bytes));
      row[twin] = await measure(call);
    }
    for (const [rival, calls] of Object.entries(rivals)) {
      if (calls[direction]) row[rival] = await measure(calls[direction](bytes));
    }
    rows.push(row);
  }
}

function encoded(codec, value) {
  const writer = new Writer(512);
  codec.encode(writer, value);
  return writer.bytes();
}

const load = async (file) => import(new URL(`protocol/messages/${file}.js`, dist));
const fetch = await load('fetch');
const produce = await load('produce');
const metadata = await load('metadata');

await compare('Fetch request, 100 partitions', fetch.fetchRequest, 11, fetchRequest(11, 100), {
  kafkajs: {
    encode: () => {
      const request = require('kafkajs/src/protocol/requests/fetch/v11/request');
      const input = {
        replicaId: -1,
        maxWaitTime: 500,
        minBytes: 1,
        maxBytes: 52428800,
        topics: fetchRequest(11, 100).topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map((p) => ({
            ...p,
            logStartOffset: -1,
            maxBytes: 1048576,
          })),
        })),
      };
      return () => request(input).encode();
    },
  },
});
await compare('Fetch response, 100 empty', fetch.fetchResponse, 11, fetchResponse(11, 100, null), {
  kafkajs: {
    decode: (bytes) => {
      const { decode } = require('kafkajs/src/protocol/requests/fetch/v11/response');
      return () => decode(bytes);
    },
  },
});

const fetch17 = await import(new URL('consumer/fetch-v17.js', platformaticApis)).catch(
  () => undefined,
);
await compare('Fetch request, 100 partitions', fetch.fetchRequest, 17, fetchRequest(17, 100), {
  platformatic: fetch17 && {
    encode: () => {
      const topics = fetchRequest(17, 100).topics.map(({ partitions }) => ({
        topicId: topicUuid,
        partitions: partitions.map((p) => ({
          ...p,
          fetchOffset: BigInt(p.fetchOffset),
          lastFetchedEpoch: -1,
        })),
      }));
      return () => fetch17.createRequest(500, 1, 52428800, 0, 0, -1, topics, [], '').buffer;
    },
  },
});
await compare('Fetch response, 100 empty', fetch.fetchResponse, 17, fetchResponse(17, 100, null));
const kilobyte = Buffer.alloc(1000);
await compare(
  'Fetch response, 100 of 1 kB',
  fetch.fetchResponse,
  17,
  fetchResponse(17, 100, kilobyte),
);
await compare('Produce request, 1 of 1 kB', produce.produceRequest, 9, produceRequest(1));
await compare('Produce request, 100 of 1 kB', produce.produceRequest, 9, produceRequest(100));
await compare('Metadata, 100 topics of 3', metadata.metadataResponse, 6, metadataResponse(100), {
  kafkajs: {
    decode: (bytes) => {
      const { decode } = require('kafkajs/src/protocol/requests/metadata/v6/response');
      return () => decode(bytes);
    },
  },
});
await compare('Metadata, 100 topics of 3', metadata.metadataResponse, 9, metadataResponse(100));

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows }, null, 2));
} else {
  const shown = (own, other) =>
    other === undefined ? '' : `${other.toFixed(1)} (×${(other / own).toFixed(1)})`;
  console.log(`node ${process.version}, ${cpus()[0]?.model}; µs per message`);
  console.table(
    rows.map((row) => ({
      message: row.name,
      compiled: row.compiled.toFixed(1),
      interpreted: shown(row.compiled, row.interpreted),
      kafkajs: shown(row.compiled, row.kafkajs),
      platformatic: shown(row.compiled, row.platformatic),
    })),
  );
}
