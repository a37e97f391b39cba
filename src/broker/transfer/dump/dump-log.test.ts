import { expect, test } from 'vitest';
import { endTxnMarker, RecordBatchBuilder } from '../../../records/index.js';
import { MemoryDisk, simulatedSystem } from '../../../system/simulated/index.js';
import { defaultLogConfig, LogManager } from '../../log/index.js';
import { dumpFiles } from './dump-log.js';
import type { DumpOptions } from './dump-options.js';

const log = '/data/t-0/00000000000000000000.log';

/** A log with a transaction that was aborted and a plain batch behind it, closed cleanly. */
async function filled() {
  const fresh = simulatedSystem(1);
  const system = { ...fresh, disk: new MemoryDisk({ soon: (run) => fresh.clock.soon(run) }) };
  const config = { ...defaultLogConfig, indexIntervalBytes: 0 };
  const open = LogManager.open(system, { dataDirectory: '/data', nodeId: 1 }, () => config);
  await system.clock.settle();
  const logs = await open;
  const made = logs.createLog('t', 0, 'jKTRaM_TSNqocJeQI2aYOQ', config);
  const producer = { producerId: 7, producerEpoch: 2, baseSequence: 5, isTransactional: true };
  const builder = new RecordBatchBuilder({ producer });
  const headers = [{ key: 'a', value: null }];
  for (const value of ['x', 'y']) {
    builder.append({ key: Buffer.from('k'), value: Buffer.from(value), timestamp: 1000, headers });
  }
  const options = { leaderEpoch: 3, origin: 'client' as const, now: 1000 };
  made.append(Buffer.from(builder.build()), options);
  const marker = { type: 'abort', producerId: 7, producerEpoch: 2, coordinatorEpoch: 9 } as const;
  const bytes = Buffer.from(endTxnMarker({ ...marker, timestamp: 1001 }));
  made.append(bytes, { ...options, origin: 'coordinator' });
  const plain = new RecordBatchBuilder();
  plain.append({ key: null, value: null, timestamp: 1002 });
  made.append(Buffer.from(plain.build()), options);
  const closing = logs.close();
  await system.clock.advance(1000);
  await closing;
  return system;
}

async function dumped(options: DumpOptions): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of dumpFiles(options)) lines.push(line);
  return lines;
}

test('batches and records stand there in the words of Apache’s tool', async () => {
  const system = await filled();
  const lines = await dumped({ files: [log], decoder: 'text', system });
  expect(lines.map((line) => line.replace(/crc: \d+/, 'crc: C'))).toEqual([
    `Dumping ${log}`,
    'Log starting offset: 0',
    'baseOffset: 0 lastOffset: 1 count: 2 baseSequence: 5 lastSequence: 6 producerId: 7 ' +
      'producerEpoch: 2 partitionLeaderEpoch: 3 isTransactional: true isControl: false ' +
      'deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1000 size: 85 magic: 2 ' +
      'compresscodec: none crc: C isvalid: true',
    '| offset: 0 CreateTime: 1000 keySize: 1 valueSize: 1 sequence: 5 headerKeys: [a] ' +
      'key: k payload: x',
    '| offset: 1 CreateTime: 1000 keySize: 1 valueSize: 1 sequence: 6 headerKeys: [a] ' +
      'key: k payload: y',
    'baseOffset: 2 lastOffset: 2 count: 1 baseSequence: -1 lastSequence: -1 producerId: 7 ' +
      'producerEpoch: 2 partitionLeaderEpoch: 3 isTransactional: true isControl: true ' +
      'deleteHorizonMs: OptionalLong.empty position: 85 CreateTime: 1001 size: 78 magic: 2 ' +
      'compresscodec: none crc: C isvalid: true',
    '| offset: 2 CreateTime: 1001 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] ' +
      'endTxnMarker: ABORT coordinatorEpoch: 9',
    'baseOffset: 3 lastOffset: 3 count: 1 baseSequence: -1 lastSequence: -1 producerId: -1 ' +
      'producerEpoch: -1 partitionLeaderEpoch: 3 isTransactional: false isControl: false ' +
      'deleteHorizonMs: OptionalLong.empty position: 163 CreateTime: 1002 size: 68 magic: 2 ' +
      'compresscodec: none crc: C isvalid: true',
    '| offset: 3 CreateTime: 1002 keySize: -1 valueSize: -1 sequence: -1 headerKeys: []',
  ]);
});

test('keys and values can stand alone, without control records', async () => {
  const system = await filled();
  const lines = await dumped({ files: [log], decoder: 'text', dataOnly: true, system });
  const records = lines.filter((line) => line.startsWith('|') || line === '');
  expect(records).toEqual(['| key: k payload: x', '| key: k payload: y', '', '|']);
});

test('indexes, aborted transactions, producers and checkpoints are listed', async () => {
  const system = await filled();
  const files = [
    log.replace('.log', '.index'),
    log.replace('.log', '.timeindex'),
    log.replace('.log', '.txnindex'),
    '/data/t-0/00000000000000000004.snapshot',
    '/data/recovery-point-offset-checkpoint',
  ];
  const lines = await dumped({ files, system });
  expect(lines.filter((line) => !line.startsWith('Dumping'))).toEqual([
    'offset: 2 position: 85',
    'offset: 3 position: 163',
    'timestamp: 1001 offset: 2',
    'timestamp: 1002 offset: 3',
    'version: 0 producerId: 7 firstOffset: 0 lastOffset: 2 lastStableOffset: 3',
    'producerId: 7 producerEpoch: 2 coordinatorEpoch: 9 currentTxnFirstOffset: ' +
      'OptionalLong.empty lastTimestamp: 1001 firstSequence: 5 lastSequence: 6 lastOffset: 1 ' +
      'offsetDelta: 1 timestamp: 1001',
    '0',
    '1',
    't 0 4',
  ]);
});

test('damage is said, and what follows a damaged batch is still shown', async () => {
  const system = await filled();
  const file = system.disk.open(log, 'write');
  file.write([Buffer.from([0xff])], 62);
  file.write([Buffer.alloc(9, 1)], file.size());
  file.close();
  const index = log.replace('.log', '.index');
  system.disk.open(index, 'write').write([Buffer.from([0, 0, 0, 1, 0, 0, 0, 99])], 0);
  const lines = await dumped({ files: [log], deep: true, system });
  expect(lines.filter((line) => line.endsWith('isvalid: false'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('| offset: 3'))).toHaveLength(1);
  expect(lines.at(-1)).toBe('Found 9 invalid bytes at the end of 00000000000000000000.log');
  expect(await dumped({ files: [index], verifyIndexOnly: true, system })).toEqual([
    `Dumping ${index}`,
    `Mismatches in :${index}`,
    '  Index offset: 1, nothing at 99',
  ]);
});

test('a file that is not there fails with its name', async () => {
  const system = await filled();
  await expect(dumped({ files: ['/data/none.log'], system })).rejects.toThrow(/\/data\/none\.log/);
});
