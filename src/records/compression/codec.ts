import { tooLarge } from './codec-errors.js';
import { inThread } from './compression-thread.js';
import type { CompressionType } from './compression-type.js';
import { gunzip, gunzipAsync, gzip, gzipAsync } from './gzip.js';
import { lz4Compress, lz4Decompress } from './lz4.js';
import { snappyCompress, snappyDecompress } from './snappy.js';
import {
  loadZstd,
  zstdCompress,
  zstdCompressAsync,
  zstdDecompress,
  zstdDecompressAsync,
  zstdHasThreads,
  zstdIsLoaded,
} from './zstd.js';

/** How far a batch may grow when decompressed, unless the caller says otherwise: 128 MiB. */
export const decompressedBytesMax = 128 * 1024 * 1024;

/** From this many bytes on a hop to another thread costs less than blocking the event loop. */
export const asyncFrom = 32 * 1024;

/** A job that another thread can do: plain data in, plain bytes out. */
export interface CompressionTask {
  readonly work: 'compress' | 'decompress';
  readonly type: CompressionType;
  readonly bytes: Uint8Array;
  readonly level: number | undefined;
  readonly maxBytes: number;
}

type Offload = (task: CompressionTask) => Promise<Buffer | undefined>;

let offload: Offload = inThread;

/**
 * Sets where big inputs of the codecs written in JavaScript go: by default to a thread of our own.
 * An offload that answers undefined leaves the task to the event loop.
 */
export function useCompressionOffload(run: Offload = inThread): void {
  offload = run;
}

/** What the other end of an offload does with a task. */
export async function runCompressionTask(task: CompressionTask): Promise<Buffer> {
  await loadCodec(task.type);
  return task.work === 'compress'
    ? compress(task.type, task.bytes, task.level)
    : decompress(task.type, task.bytes, task.maxBytes);
}

/**
 * Makes a codec ready for the synchronous functions. Only zstd has anything to load; it fails with
 * CODEC_MISSING where neither Node nor an installed package has it.
 */
export async function loadCodec(type: CompressionType): Promise<void> {
  if (type === 'zstd') await loadZstd();
}

export function isCodecLoaded(type: CompressionType): boolean {
  return type !== 'zstd' || zstdIsLoaded();
}

/**
 * Compresses bytes into the form Kafka's Java client writes. `level` matters to gzip (1–9,
 * default 6), zstd (default 3) and lz4 (1–17; default 9, which stands for its fast way). Fails
 * with CODEC_MISSING where the codec is not loaded.
 */
export function compress(type: CompressionType, bytes: Uint8Array, level?: number): Buffer {
  switch (type) {
    case 'none':
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    case 'gzip':
      return gzip(bytes, level);
    case 'snappy':
      return snappyCompress(bytes);
    case 'lz4':
      return lz4Compress(bytes, { level });
    case 'zstd':
      return zstdCompress(bytes, level);
  }
}

/**
 * The opposite of `compress`; reads every form that Kafka's clients write. Fails with
 * DECOMPRESSION_TOO_LARGE beyond `maxBytes` and DECOMPRESSION_FAILED for damaged data.
 */
export function decompress(
  type: CompressionType,
  bytes: Uint8Array,
  maxBytes: number = decompressedBytesMax,
): Buffer {
  switch (type) {
    case 'none':
      if (bytes.length > maxBytes) throw tooLarge('none', maxBytes);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    case 'gzip':
      return gunzip(bytes, maxBytes);
    case 'snappy':
      return snappyDecompress(bytes, maxBytes);
    case 'lz4':
      return lz4Decompress(bytes, maxBytes);
    case 'zstd':
      return zstdDecompress(bytes, maxBytes);
  }
}

/** As `compress`, loading the codec where needed; big inputs leave the event loop. */
export async function compressAsync(
  type: CompressionType,
  bytes: Uint8Array,
  level?: number,
): Promise<Buffer> {
  if (type === 'none' || bytes.length < asyncFrom) {
    await loadCodec(type);
    return compress(type, bytes, level);
  }
  if (type === 'gzip') return await gzipAsync(bytes, level);
  if (type === 'zstd' && zstdHasThreads()) return await zstdCompressAsync(bytes, level);
  const maxBytes = decompressedBytesMax;
  const done = await offload({ work: 'compress', type, bytes, level, maxBytes });
  if (done !== undefined) return done;
  await loadCodec(type);
  return compress(type, bytes, level);
}

/** As `decompress`, loading the codec where needed; big inputs leave the event loop. */
export async function decompressAsync(
  type: CompressionType,
  bytes: Uint8Array,
  maxBytes: number = decompressedBytesMax,
): Promise<Buffer> {
  if (type === 'none' || bytes.length < asyncFrom) {
    await loadCodec(type);
    return decompress(type, bytes, maxBytes);
  }
  if (type === 'gzip') return await gunzipAsync(bytes, maxBytes);
  if (type === 'zstd' && zstdHasThreads()) return await zstdDecompressAsync(bytes, maxBytes);
  const done = await offload({ work: 'decompress', type, bytes, level: undefined, maxBytes });
  if (done !== undefined) return done;
  await loadCodec(type);
  return decompress(type, bytes, maxBytes);
}
