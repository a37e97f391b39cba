import { randomBytes } from 'node:crypto';
import { drawUuid, type Random } from './random.js';

/** Randomness of the operating system; `fraction` and `below` are fast, not secret. */
export const realRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
  below: (below) => Math.floor(Math.random() * below),
  uuid: () => drawUuid(randomBytes),
};
