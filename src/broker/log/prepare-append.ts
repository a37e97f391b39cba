import {
  type CompressionType,
  compressionTypes,
  isCodecLoaded,
  loadCodec,
} from '../../records/index.js';
import type { LogConfig } from './log-config.js';

/**
 * Loads the codecs that appending these batches needs, because appending itself is synchronous.
 * Undefined when there is nothing to wait for, which is nearly always. Fails with CODEC_MISSING.
 */
export function prepareAppend(batches: Buffer, config: LogConfig): Promise<void> | undefined {
  const { compressionType, cleanupPolicy } = config;
  if (compressionType === 'producer' && !cleanupPolicy.includes('compact')) return undefined;
  const stored = batches.length > 22 ? compressionTypes[batches.readInt16BE(21) & 7] : undefined;
  const wanted =
    compressionType === 'producer' || compressionType === 'uncompressed' ? 'none' : compressionType;
  const missing = [stored ?? 'none', wanted].filter((type) => !isCodecLoaded(type));
  if (missing.length === 0) return undefined;
  return loadAll(missing);
}

async function loadAll(types: readonly CompressionType[]): Promise<void> {
  for (const type of types) await loadCodec(type);
}
