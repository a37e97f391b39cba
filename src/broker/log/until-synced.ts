import type { Log } from './log.js';

/** Resolves once everything below the offset is safe; fails with what prevents it. */
export function untilSynced(log: Log, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    log.whenSynced(offset, (error) => (error === undefined ? resolve() : reject(error)));
  });
}
