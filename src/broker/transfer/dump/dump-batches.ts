import { KafkaError } from '../../../errors/index.js';
import { loadCodec, RecordBatch, type RecordView } from '../../../records/index.js';
import type { Disk, DiskFile } from '../../../system/index.js';
import { headerBytes } from '../../log/batch-scan.js';
import { bootstrapCheckpoint } from '../kafka-checkpoint.js';
import type { DumpOptions } from './dump-options.js';
import { controlText, textsOf } from './record-texts.js';

/** Base offset and length: what has to be known before anything else. */
const overheadBytes = 12;
/** Offset gaps that are listed per file; more are counted. */
const gapsMax = 1000;

interface Found {
  readonly position: number;
  readonly batch: RecordBatch;
}

/** The whole batches of a file from its beginning, one in memory at a time. */
export function* batchesOfFile(file: DiskFile, upTo: number): Generator<Found> {
  const header = Buffer.alloc(headerBytes);
  const end = Math.min(file.size(), upTo);
  for (let position = 0; position + headerBytes <= end; ) {
    file.read(header, position);
    const size = overheadBytes + header.readInt32BE(8);
    if (size < headerBytes || position + size > end || header.readInt8(16) !== 2) return;
    const bytes = Buffer.allocUnsafeSlow(size);
    file.read(bytes, position);
    yield { position, batch: new RecordBatch(bytes, 0) };
    position += size;
  }
}

/** A `.log`, `.checkpoint` or journal: batches, their records, what is wrong with them. */
export async function* dumpBatches(
  disk: Disk,
  path: string,
  options: DumpOptions,
): AsyncGenerator<string> {
  const isDeep = options.deep === true || options.decoder !== undefined;
  const isQuiet = options.dataOnly === true && options.decoder !== undefined;
  yield* headLine(nameOf(path));
  const file = disk.open(path, 'read');
  const gaps: string[] = [];
  let last = -1;
  let end = 0;
  try {
    const upTo = options.maxBytes ?? Number.MAX_SAFE_INTEGER;
    for (const { position, batch } of batchesOfFile(file, upTo)) {
      options.signal?.throwIfAborted();
      yield batchLine(batch, position);
      end = position + batch.sizeInBytes;
      if (!isDeep) continue;
      for (const record of await recordsOf(batch)) {
        if (last >= 0 && record.offset !== last + 1 && gaps.length < gapsMax) {
          gaps.push(`  ${last} is followed by ${record.offset}`);
        }
        last = record.offset;
        yield recordLine(batch, record, options, isQuiet);
      }
    }
    const rest = Math.min(file.size(), upTo) - end;
    // Where the reading was limited, the last batch is cut by that, and not by damage.
    if (rest > 0 && upTo >= file.size()) {
      yield `Found ${rest} invalid bytes at the end of ${nameOf(path)}`;
    }
  } finally {
    file.close();
  }
  if (gaps.length > 0) yield `Non-consecutive offsets in ${path}`;
  yield* gaps;
}

/** What the name of the file says. */
function* headLine(name: string): Generator<string> {
  const snapshot = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name);
  if (name === bootstrapCheckpoint) yield 'KRaft bootstrap snapshot';
  else if (snapshot !== null) {
    yield `Snapshot end offset: ${Number(snapshot[1])}, epoch: ${Number(snapshot[2])}`;
  } else if (/^\d{20}/.test(name)) yield `Log starting offset: ${Number(name.slice(0, 20))}`;
}

export function nameOf(path: string): string {
  return path.replace(/^.*[/\\]/, '');
}

async function recordsOf(batch: RecordBatch): Promise<Iterable<RecordView>> {
  if (!batch.isValid()) return [];
  try {
    await loadCodec(batch.compression);
    return await batch.recordsAsync();
  } catch (error) {
    throw new KafkaError('CORRUPT_MESSAGE', `The batch at ${batch.baseOffset} is not readable.`, {
      offset: batch.baseOffset,
      cause: error,
    });
  }
}

function batchLine(batch: RecordBatch, position: number): string {
  const horizon = batch.hasDeleteHorizon ? `OptionalLong[${batch.baseTimestamp}]` : noLong;
  return (
    `baseOffset: ${batch.baseOffset} lastOffset: ${batch.lastOffset} count: ${batch.count} ` +
    `baseSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} ` +
    `producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch} ` +
    `partitionLeaderEpoch: ${batch.partitionLeaderEpoch} ` +
    `isTransactional: ${batch.isTransactional} isControl: ${batch.isControl} ` +
    `deleteHorizonMs: ${horizon} position: ${position} ` +
    `${batch.timestampType}: ${batch.maxTimestamp} size: ${batch.sizeInBytes} magic: 2 ` +
    `compresscodec: ${batch.compression} crc: ${batch.crc} isvalid: ${batch.isValid()}`
  );
}

/** How Java prints a number that is not there. */
export const noLong = 'OptionalLong.empty';

function recordLine(
  batch: RecordBatch,
  record: RecordView,
  options: DumpOptions,
  isQuiet: boolean,
): string {
  const { decoder } = options;
  // Apache's tool ends the line of a control record that it leaves out.
  if (isQuiet && batch.isControl) return '';
  const { key, value, offset, timestamp } = record;
  const delta = offset - batch.baseOffset;
  const sequence = batch.baseSequence < 0 ? -1 : (batch.baseSequence + delta) % 2 ** 31;
  const headers = Array.from(record.headers, (header) => header.key).join(',');
  const facts =
    ` offset: ${offset} ${batch.timestampType}: ${timestamp} keySize: ${key?.length ?? -1} ` +
    `valueSize: ${value?.length ?? -1} sequence: ${sequence} headerKeys: [${headers}]`;
  let line = isQuiet ? '|' : `|${facts}`;
  if (batch.isControl) return `${line} ${controlText(record)}`;
  if (decoder === undefined) return line;
  const texts = textsOf(record, decoder);
  if (texts.key !== undefined) line += ` key: ${texts.key}`;
  if (texts.value !== undefined) line += ` payload: ${texts.value}`;
  return line;
}
