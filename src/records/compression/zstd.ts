import * as zlib from 'node:zlib';
import { KafkaError } from '../../errors/index.js';
import { damaged, tooLarge } from './codec-errors.js';
import { type ZstdFrame, zstdFrames } from './zstd-frame.js';

/**
 * zstd comes from `node:zlib` where it has it (Node 22.15, 23.8 and later), otherwise from the
 * optional package `@bokuweb/zstd-wasm`, which is loaded when zstd is met for the first time.
 */
interface Zstd {
  compress(bytes: Uint8Array, level: number): Buffer;
  /** One frame whose result takes at most `maxBytes`. */
  decompress(bytes: Uint8Array, frame: ZstdFrame, maxBytes: number): Buffer;
  /** The same on another thread, where the implementation has one. */
  readonly offLoop?: {
    compress(bytes: Uint8Array, level: number): Promise<Buffer>;
    decompress(bytes: Uint8Array, maxBytes: number): Promise<Buffer>;
  };
}

type ZlibCallback = (error: Error | null, result: Buffer) => void;
type ZlibAsync = (bytes: Uint8Array, options: object, done: ZlibCallback) => void;

/** The part of newer `node:zlib`s that the types of Node 20 do not have. */
interface ZlibWithZstd {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Buffer;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer;
  readonly zstdCompress?: ZlibAsync;
  readonly zstdDecompress?: ZlibAsync;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/** The part of `@bokuweb/zstd-wasm` that is used. */
interface ZstdWasm {
  init(): Promise<void>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
  decompress(bytes: Uint8Array, options: { readonly defaultHeapSize: number }): Uint8Array;
}

/** zstd's own default, and Kafka's. */
const levelDefault = 3;
const wasmPackage = '@bokuweb/zstd-wasm';

let zstd: Zstd | undefined = nodeZstd(zlib as unknown as ZlibWithZstd);
let loading: Promise<void> | undefined;

function nodeZstd(node: ZlibWithZstd): Zstd | undefined {
  const { zstdCompressSync, zstdDecompressSync, zstdCompress, zstdDecompress } = node;
  const levelKey = node.constants.ZSTD_c_compressionLevel;
  if (!zstdCompressSync || !zstdDecompressSync || !zstdCompress || !zstdDecompress) {
    return undefined;
  }
  if (levelKey === undefined) return undefined;
  const forLevel = (level: number) => ({ params: { [levelKey]: level } });
  const forLimit = (maxBytes: number) => ({ maxOutputLength: Math.max(1, maxBytes) });
  return {
    compress: (bytes, level) => zstdCompressSync(bytes, forLevel(level)),
    decompress: (bytes, _frame, maxBytes) => zstdDecompressSync(bytes, forLimit(maxBytes)),
    offLoop: {
      compress: (bytes, level) => promised(zstdCompress, bytes, forLevel(level)),
      decompress: (bytes, maxBytes) => promised(zstdDecompress, bytes, forLimit(maxBytes)),
    },
  };
}

function promised(run: ZlibAsync, bytes: Uint8Array, options: object): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    run(bytes, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

function wasmZstd(wasm: ZstdWasm): Zstd {
  return {
    compress: (bytes, level) => view(wasm.compress(bytes, level)),
    // The package allocates what a frame header claims, or the size given here: both are checked.
    decompress: (bytes, frame, maxBytes) =>
      view(wasm.decompress(bytes, { defaultHeapSize: Math.min(frame.bytesMax, maxBytes) })),
  };
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function zstdIsLoaded(): boolean {
  return zstd !== undefined;
}

export async function loadZstd(): Promise<void> {
  if (zstd !== undefined) return;
  loading ??= loadWasm().finally(() => {
    loading = undefined;
  });
  await loading;
}

async function loadWasm(): Promise<void> {
  try {
    const wasm = (await import(wasmPackage)) as ZstdWasm;
    await wasm.init();
    zstd = wasmZstd(wasm);
  } catch (cause) {
    throw missing('zstd is neither in this Node nor installed as a package.', cause);
  }
}

function missing(what: string, cause?: unknown): KafkaError {
  return new KafkaError('CODEC_MISSING', what, {
    hint: `Install ${wasmPackage}, or use Node 22.15 or later.`,
    cause,
  });
}

function loaded(): Zstd {
  if (zstd !== undefined) return zstd;
  throw missing("zstd is not loaded: await loadCodec('zstd') first.");
}

export function zstdCompress(bytes: Uint8Array, level: number = levelDefault): Buffer {
  return loaded().compress(bytes, level);
}

/** Reads one or several frames; skippable frames between them are passed over. */
export function zstdDecompress(bytes: Uint8Array, maxBytes: number): Buffer {
  const codec = loaded();
  const parts: Buffer[] = [];
  let total = 0;
  for (const frame of zstdFrames(bytes)) {
    const left = maxBytes - total;
    checkClaim(frame, left, maxBytes);
    if (frame.bytesMax === 0) continue;
    try {
      const content = bytes.subarray(frame.start, frame.end);
      parts.push(codec.decompress(content, frame, left));
    } catch (error) {
      throw failure(error, frame, left, maxBytes);
    }
    total += parts[parts.length - 1]?.length ?? 0;
    if (total > maxBytes) throw tooLarge('zstd', maxBytes);
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
}

/** Whether this implementation can work on another thread by itself. */
export function zstdHasThreads(): boolean {
  return zstd?.offLoop !== undefined;
}

export async function zstdCompressAsync(
  bytes: Uint8Array,
  level: number = levelDefault,
): Promise<Buffer> {
  const { offLoop } = loaded();
  return offLoop === undefined ? zstdCompress(bytes, level) : await offLoop.compress(bytes, level);
}

/** As `zstdDecompress`; several frames in a row are rare and stay on the event loop. */
export async function zstdDecompressAsync(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  const { offLoop } = loaded();
  const [frame, ...more] = zstdFrames(bytes);
  if (offLoop === undefined || frame === undefined || more.length > 0) {
    return zstdDecompress(bytes, maxBytes);
  }
  checkClaim(frame, maxBytes, maxBytes);
  try {
    return await offLoop.decompress(bytes.subarray(frame.start, frame.end), maxBytes);
  } catch (error) {
    throw failure(error, frame, maxBytes, maxBytes);
  }
}

function checkClaim(frame: ZstdFrame, left: number, maxBytes: number): void {
  if ((frame.contentSize ?? 0) > left) throw tooLarge('zstd', maxBytes);
}

function failure(error: unknown, frame: ZstdFrame, left: number, maxBytes: number): KafkaError {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // zstd's own number for "the destination is too small" is 70.
  const full = code === 'ERR_BUFFER_TOO_LARGE' || String(message).endsWith('code -70');
  if (full && frame.bytesMax > left) return tooLarge('zstd', maxBytes);
  return damaged('zstd', error instanceof Error ? error.message : String(error), error);
}
