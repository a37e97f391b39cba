// Building and reading record batches, beside kafkajs and @platformatic/kafka.
//
//   npm run build && cd bench && npm ci && node records.mjs [--quick] [--json]
//     [--native-crc] [--codec=none]
//
// Figures are µs per batch, the best of several rounds; a ratio says how many times as long the
// other takes. Reading touches offset, timestamp, key and value of every record, without a look at
// the checksum, as kafkajs and platformatic do it; `verify` is the check alone, which only kafkit
// does. kafkajs brings no codec but gzip; platformatic's crc, snappy and lz4 are native add-ons.
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

const require = createRequire(import.meta.url);
const kafkit = await import('../dist/records/index.js');
const kafkajs = {
  RecordBatch: require('kafkajs/src/protocol/recordBatch/v0').RecordBatch,
  Record: require('kafkajs/src/protocol/recordBatch/record/v0'),
  Decoder: require('kafkajs/src/protocol/decoder'),
  decode: require('kafkajs/src/protocol/recordBatch/v0/decoder'),
  codecs: { none: 0, gzip: 1 },
};
const platformatic = await loadPlatformatic();

const quick = process.argv.includes('--quick');
const roundMs = quick ? 30 : 150;
const rounds = quick ? 2 : 4;
const counts = [1, 100, 1000];
const sizes = [10, 256, 4096];
const only = process.argv.find((word) => word.startsWith('--codec='))?.slice('--codec='.length);
const codecs = only ? [only] : ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const timestamp = 1_700_000_000_000;

async function loadPlatformatic() {
  try {
    const folder = new URL('./node_modules/@platformatic/kafka/dist/protocol/', import.meta.url);
    const { createRecordsBatch, readRecordsBatch } = await import(new URL('records.js', folder));
    const { Reader } = await import(new URL('reader.js', folder));
    return { createRecordsBatch, readRecordsBatch, Reader };
  } catch (error) {
    console.error(`@platformatic/kafka does not load here: ${error.message}`);
    return undefined;
  }
}

/** JSON lines of about the wanted size: they compress as real data does. */
function messages(count, size) {
  return Array.from({ length: count }, (_, n) => {
    const head = `{"number":${n},"user":"u${(n * 7919) % 1000}","text":"`;
    const filler = 'the quick brown fox jumps over the lazy dog '.repeat(Math.ceil(size / 44));
    return {
      key: Buffer.from(`key-${n % 100}`),
      value: Buffer.from(`${head}${filler}`.slice(0, size)),
      timestamp: timestamp + n,
    };
  });
}

function buildOurs(input, compression) {
  const builder = new kafkit.RecordBatchBuilder({ compression });
  for (const message of input) builder.append(message);
  return builder.build();
}

function readOurs(bytes) {
  let sum = 0;
  for (const batch of kafkit.batchesIn(bytes)) {
    for (const { offset, timestamp: time, key, value } of batch.records()) {
      sum += offset + time + key.length + value.length;
    }
  }
  return sum;
}

function verifyOurs(bytes) {
  for (const batch of kafkit.batchesIn(bytes)) if (!batch.isValid()) throw new Error('checksum');
}

async function buildKafkajs(input, compression) {
  const records = input.map((message, offsetDelta) =>
    kafkajs.Record({
      offsetDelta,
      timestampDelta: message.timestamp - timestamp,
      key: message.key,
      value: message.value,
    }),
  );
  const batch = await kafkajs.RecordBatch({
    compression: kafkajs.codecs[compression],
    firstTimestamp: timestamp,
    maxTimestamp: timestamp + input.length - 1,
    lastOffsetDelta: input.length - 1,
    records,
  });
  return batch.buffer;
}

async function readKafkajs(bytes) {
  let sum = 0;
  const { records } = await kafkajs.decode(new kafkajs.Decoder(bytes));
  for (const { offset, timestamp: time, key, value } of records) {
    sum += Number(offset) + Number(time) + key.length + value.length;
  }
  return sum;
}

function buildPlatformatic(input, compression) {
  const batch = platformatic.createRecordsBatch(
    input.map(({ key, value, timestamp: time }) => ({
      key,
      value,
      timestamp: BigInt(time),
      topic: 't',
      partition: 0,
    })),
    { compression },
  );
  return batch.buffer;
}

function readPlatformatic(bytes) {
  let sum = 0;
  const batch = platformatic.readRecordsBatch(platformatic.Reader.from(bytes));
  for (const { offsetDelta, timestampDelta, key, value } of batch.records) {
    const offset = Number(batch.firstOffset) + offsetDelta;
    sum += offset + Number(batch.firstTimestamp + timestampDelta) + key.length + value.length;
  }
  return sum;
}

/** µs per call, the best round; undefined where it cannot do the work at all. */
async function measure(run) {
  try {
    await run();
  } catch {
    return undefined;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    let calls = 0;
    let spent = 0;
    do {
      for (let i = 0; i < 4; i++) {
        const pending = run();
        if (pending instanceof Promise) await pending;
      }
      calls += 4;
      spent = performance.now() - start;
    } while (spent < roundMs);
    if (round > 0) best = Math.min(best, (spent * 1000) / calls);
  }
  return best;
}

const results = [];
await kafkit.loadCodec('zstd');
if (process.argv.includes('--native-crc')) {
  const { useCrc32c } = await import('../dist/bytes/index.js');
  useCrc32c((await import('@node-rs/crc32')).crc32c);
}
if (!process.argv.includes('--json')) {
  console.log(`node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model}`);
  console.log(
    'records  bytes  codec   work   kafkit µs   M records/s   kafkajs ×   platformatic ×',
  );
}
for (const codec of codecs) {
  for (const size of sizes) {
    for (const count of counts) {
      if (quick && (size === 4096) !== (count === 100) && codec !== 'none') continue;
      const input = messages(count, size);
      const bytes = buildOurs(input, codec);
      const kafkajsCan = kafkajs.codecs[codec] !== undefined;
      await row(codec, size, count, 'build', {
        kafkit: () => buildOurs(input, codec),
        kafkajs: kafkajsCan ? () => buildKafkajs(input, codec) : undefined,
        platformatic: platformatic && (() => buildPlatformatic(input, codec)),
      });
      await row(codec, size, count, 'read', {
        kafkit: () => readOurs(bytes),
        kafkajs: kafkajsCan ? () => readKafkajs(bytes) : undefined,
        platformatic: platformatic && (() => readPlatformatic(bytes)),
      });
      if (codec === 'none')
        await row(codec, size, count, 'verify', { kafkit: () => verifyOurs(bytes) });
    }
  }
}
if (process.argv.includes('--json')) console.log(JSON.stringify(results));

async function row(codec, size, count, work, runs) {
  const us = {};
  for (const [name, run] of Object.entries(runs)) us[name] = run && (await measure(run));
  results.push({ codec, size, count, work, us });
  if (process.argv.includes('--json')) return;
  const times = (other) => (other === undefined ? '-' : (other / us.kafkit).toFixed(1));
  const cells = [
    String(count).padStart(7),
    String(size).padStart(6),
    ` ${codec.padEnd(7)}`,
    work.padEnd(6),
    us.kafkit.toFixed(1).padStart(9),
    (count / us.kafkit).toFixed(2).padStart(13),
    times(us.kafkajs).padStart(11),
    times(us.platformatic).padStart(16),
  ];
  console.log(cells.join(' '));
}
