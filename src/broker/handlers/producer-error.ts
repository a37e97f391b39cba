import { type ErrorCode, errnoOf } from '../../errors/index.js';

/**
 * The number of an error about a transaction. Clients from before PRODUCER_FENCED (`fencedSince`)
 * are told INVALID_PRODUCER_EPOCH instead, as they are wherever they produce.
 */
export function producerErrno(code: ErrorCode, version: number, fencedSince: number): number {
  const isOld = code === 'PRODUCER_FENCED' && version < fencedSince;
  return errnoOf(isOld ? 'INVALID_PRODUCER_EPOCH' : code);
}
