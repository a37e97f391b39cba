import type { Serde } from './serializer.js';

const asTheyAre: Serde<Buffer | null, Uint8Array | null> = {
  serialize: (value) => value,
  deserialize: (data) => data,
};

/** Bytes as they are; the default of consumers. */
export function bytes(): Serde<Buffer | null, Uint8Array | null> {
  return asTheyAre;
}
