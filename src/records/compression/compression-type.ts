import { KafkaError } from '../../errors/index.js';

/** Kafka's codecs, by their names in configurations. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** The codecs in the order of their numbers in a batch's attributes. */
export const compressionTypes: readonly CompressionType[] = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
];

/** The number of a codec in the attributes of a batch. */
export function compressionId(type: CompressionType): number {
  return compressionTypes.indexOf(type);
}

/** The codec of a number from attributes; fails with UNSUPPORTED_COMPRESSION_TYPE. */
export function compressionTypeOf(id: number): CompressionType {
  const type = compressionTypes[id];
  if (type !== undefined) return type;
  throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `There is no compression number ${id}.`);
}
