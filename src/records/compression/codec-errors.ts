import { KafkaError } from '../../errors/index.js';
import type { CompressionType } from './compression-type.js';

/** The error for data that grows beyond the caller's limit. */
export function tooLarge(type: CompressionType, maxBytes: number): KafkaError {
  return new KafkaError(
    'DECOMPRESSION_TOO_LARGE',
    `Data compressed with ${type} grows beyond ${maxBytes} bytes.`,
  );
}

/** The error for compressed data that is not what its codec writes. */
export function damaged(type: CompressionType, what: string, cause?: unknown): KafkaError {
  return new KafkaError(
    'DECOMPRESSION_FAILED',
    `Data compressed with ${type} is damaged: ${what}.`,
    {
      cause,
    },
  );
}
