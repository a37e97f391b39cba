import { crc32c } from '../../bytes/index.js';
import {
  type CompressionType,
  compress,
  compressionId,
  decompress,
  RecordBatch,
} from '../../records/index.js';

const headerBytes = 61;

/**
 * The batch with its records compressed otherwise. Header fields stay as they are, so base
 * timestamp, producer and sequences survive; length, codec and checksum follow the new content.
 */
export function recompressed(
  batch: RecordBatch,
  type: CompressionType,
  { maxBytes, level }: { readonly maxBytes: number; readonly level: number | undefined },
): RecordBatch {
  const plain = decompress(batch.compression, batch.storedRecords(), maxBytes);
  const records = compress(type, plain, level);
  const bytes = Buffer.allocUnsafeSlow(headerBytes + records.length);
  batch.bytes().copy(bytes, 0, 0, headerBytes);
  bytes.set(records, headerBytes);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE((batch.attributes & ~7) | compressionId(type), 21);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return new RecordBatch(bytes);
}
