import * as zlib from 'node:zlib';

/** CRC-32 (IEEE) as the messages of magic 0 and 1 use it; every Node from 20.15 on has it. */
export function crc32(bytes: Uint8Array): number {
  return zlib.crc32(bytes);
}
