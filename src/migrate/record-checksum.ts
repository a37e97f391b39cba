import { crc32c } from '../bytes/index.js';
import type { ConsumerRecord } from '../client/index.js';

const scratch = Buffer.alloc(16);
const none = 0xffffffff;

/**
 * Adds a record to a running checksum over key, value, headers and (where the producer's counts)
 * timestamp: equal over two partitions only when they hold the same records in the same order.
 */
export function addRecord(checksum: number, record: ConsumerRecord, withTime: boolean): number {
  const { key, value, headers, timestamp } = record;
  scratch.writeDoubleBE(withTime ? timestamp : 0, 0);
  scratch.writeUInt32BE(headers.size, 8);
  let sum = crc32c(scratch.subarray(0, 12), checksum);
  sum = addBytes(addBytes(sum, key), value);
  for (const [name, content] of headers) sum = addBytes(addBytes(sum, Buffer.from(name)), content);
  return sum;
}

function addBytes(checksum: number, bytes: Buffer | null): number {
  scratch.writeUInt32BE(bytes?.length ?? none, 0);
  const sum = crc32c(scratch.subarray(0, 4), checksum);
  return bytes === null ? sum : crc32c(bytes, sum);
}
