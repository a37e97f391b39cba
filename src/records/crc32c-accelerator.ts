import { crc32cInJavaScript, useCrc32c } from '../bytes/index.js';

const nativePackage = '@node-rs/crc32';

interface NativeCrc32 {
  crc32c(bytes: Uint8Array, initial?: number): number;
}

let loading: Promise<boolean> | undefined;

/**
 * Looks once whether the optional package `@node-rs/crc32` is installed and lets it compute the
 * checksums of larger batches, about ten times as fast as JavaScript. Gives whether it is used:
 * one that is not there, or computes something else, is no error.
 */
export function loadCrc32cAccelerator(): Promise<boolean> {
  loading ??= load();
  return loading;
}

async function load(): Promise<boolean> {
  try {
    const native = (await import(nativePackage)) as NativeCrc32;
    const probe = Buffer.from('123456789');
    if (native.crc32c(probe) >>> 0 !== crc32cInJavaScript(probe)) return false;
    useCrc32c((bytes, initial) => native.crc32c(bytes, initial));
    return true;
  } catch {
    return false;
  }
}
