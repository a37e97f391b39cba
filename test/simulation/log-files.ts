import { RecordBatch } from '../../src/records/index.js';
import type { Disk } from '../../src/system/index.js';

/**
 * Looks at a partition's directory after a clean stop as Apache Kafka would find it, with nothing
 * but the bytes of the files: every `.log` is whole batches to its end, offsets rise over all of
 * them, every entry of an `.index` names the last offset and the position of a batch that is there,
 * and no entry of a `.timeindex` is below the one before. Throws with what is wrong.
 */
export function checkFilesOfLog(disk: Disk, directory: string): void {
  const names = disk.list(directory).map(({ name }) => name);
  let next = 0;
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const stem = name.slice(0, -'.log'.length);
    const base = Number(stem);
    if (base < next) throw new Error(`${name} begins below ${next}`);
    const batches = batchesOf(disk.readFile(disk.join(directory, name)), name);
    next = base;
    for (const { baseOffset, nextOffset } of batches.values()) {
      if (baseOffset < next) throw new Error(`${name} has ${baseOffset} where ${next} is due`);
      next = nextOffset;
    }
    checkIndex(disk.readFile(disk.join(directory, `${stem}.index`)), batches, base, name);
    checkTimeIndex(disk.readFile(disk.join(directory, `${stem}.timeindex`)), base, next, name);
  }
  const last = names.filter((name) => name.endsWith('.snapshot')).at(-1);
  if (last === undefined || Number.parseInt(last, 10) !== next) {
    throw new Error(`the newest snapshot of ${directory} is ${last}, the log ends at ${next}`);
  }
}

/** By position in the file. */
function batchesOf(bytes: Buffer, name: string): Map<number, RecordBatch> {
  const batches = new Map<number, RecordBatch>();
  for (let at = 0; at < bytes.length; ) {
    if (RecordBatch.sizeAt(bytes, at) === undefined) {
      throw new Error(`${name} has ${bytes.length - at} bytes behind its last batch`);
    }
    const batch = new RecordBatch(bytes, at);
    batch.ensureValid();
    batches.set(at, batch);
    at += batch.sizeInBytes;
  }
  return batches;
}

function checkIndex(
  bytes: Buffer,
  batches: ReadonlyMap<number, RecordBatch>,
  base: number,
  name: string,
): void {
  let before = -1;
  for (let at = 0; at < bytes.length; at += 8) {
    const offset = base + bytes.readInt32BE(at);
    const position = bytes.readInt32BE(at + 4);
    const batch = batches.get(position);
    if (offset <= before || batch?.lastOffset !== offset) {
      throw new Error(`the index of ${name} has ${offset} at ${position} after ${before}`);
    }
    before = offset;
  }
}

function checkTimeIndex(bytes: Buffer, base: number, next: number, name: string): void {
  let before = { timestamp: -1, offset: base - 1 };
  for (let at = 0; at < bytes.length; at += 12) {
    const timestamp = Number(bytes.readBigInt64BE(at));
    const offset = base + bytes.readInt32BE(at + 8);
    if (timestamp <= before.timestamp || offset <= before.offset || offset >= next) {
      throw new Error(`the time index of ${name} has ${timestamp} at ${offset}`);
    }
    before = { timestamp, offset };
  }
}
