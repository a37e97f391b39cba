// Apache Kafka reads what we write: for each codec a segment is written with our builder, and
// kafka-dump-log.sh --deep-iteration has to find every batch and record in it valid.
//
//   node test/compat/records-java.mjs      needs `npm run build` before, and $KAFKIT_SHARED
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const shared = resolve(root, process.env.KAFKIT_SHARED ?? '../shared');
const tool = join(shared, 'apache-kafka/bin/kafka-run-class.sh');
const dumpClass = 'org.apache.kafka.tools.DumpLogSegments';
const door = join(root, 'dist/records/index.js');
for (const path of [tool, door]) {
  if (existsSync(path)) continue;
  console.error(`missing: ${path}`);
  process.exit(1);
}
const { compressionTypes, endTxnMarker, loadCodec, RecordBatchBuilder } = await import(door);

const perBatch = [1, 7, 600, 3000];
const directory = mkdtempSync(join(tmpdir(), 'kafkit-records-java-'));
const expected = perBatch.reduce((sum, count) => sum + count, 0);
let failed = 0;

function recordAt(n) {
  return {
    key: n % 5 === 0 ? null : Buffer.from(`key-${n}`),
    value: n % 11 === 0 ? null : Buffer.from(`value ${n} ${'kafkit '.repeat(n % 20)}`),
    headers: n % 3 === 0 ? [{ key: 'ñ', value: Buffer.from(String(n)) }] : [],
    timestamp: 1_700_000_000_000 + n * 7,
  };
}

/** A log of batches of several sizes, and a transaction with its marker at the end. */
function segment(compression) {
  const batches = [];
  let offset = 0;
  for (const count of perBatch) {
    const builder = new RecordBatchBuilder({
      compression,
      baseOffset: offset,
      partitionLeaderEpoch: 3,
      producer: { producerId: 42, producerEpoch: 1, baseSequence: offset, isTransactional: true },
    });
    for (let n = 0; n < count; n++) builder.append(recordAt(offset + n));
    batches.push(builder.build());
    offset += count;
  }
  const marker = {
    type: 'commit',
    producerId: 42,
    producerEpoch: 1,
    coordinatorEpoch: 9,
    timestamp: 1_700_000_000_000,
    baseOffset: offset,
    partitionLeaderEpoch: 3,
  };
  return Buffer.concat([...batches, endTxnMarker(marker)]);
}

for (const compression of compressionTypes) {
  await loadCodec(compression);
  const folder = join(directory, `${compression}-0`);
  mkdirSync(folder);
  const log = join(folder, '00000000000000000000.log');
  writeFileSync(log, segment(compression));
  const lines = dump(log);
  const records = lines.filter((line) => line.startsWith('| offset:'));
  const batches = lines.filter((line) => line.startsWith('baseOffset:'));
  const problems = [
    [records.length === expected + 1, `${records.length} records instead of ${expected + 1}`],
    [batches.length === perBatch.length + 1, `${batches.length} batches`],
    [batches.every((line) => line.endsWith('isvalid: true')), 'an invalid batch'],
    [lines.some((line) => line.includes('endTxnMarker: COMMIT coordinatorEpoch: 9')), 'no marker'],
    [batches.slice(0, -1).every((line) => line.includes(`compresscodec: ${compression}`)), 'codec'],
    ...checkRecords(records),
  ].filter(([good]) => !good);
  if (problems.length > 0) failed++;
  console.log(
    `${compression}: ${problems.length === 0 ? 'ok' : problems.map((p) => p[1]).join('; ')}`,
  );
}

function checkRecords(lines) {
  return lines
    .slice(0, expected)
    .flatMap((line, n) => {
      const { key, value, timestamp } = recordAt(n);
      const wanted = [
        `offset: ${n} `,
        `CreateTime: ${timestamp} `,
        `keySize: ${key?.length ?? -1} `,
        `valueSize: ${value?.length ?? -1} `,
        value === null ? '' : `payload: ${value}`,
      ];
      return wanted
        .filter((text) => !line.includes(text))
        .map((text) => [false, `${text} at ${n}`]);
    })
    .slice(0, 3);
}

/** By the class, through the one script behind all tools: its links may not survive a copy. */
function dump(log) {
  const words = [tool, dumpClass, '--deep-iteration', '--print-data-log', '--files', log];
  const run = spawnSync('bash', words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) console.error(run.stderr.split('\n').slice(0, 5).join('\n'));
  return run.stdout.split('\n');
}

rmSync(directory, { recursive: true, force: true });
console.log(`${compressionTypes.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
