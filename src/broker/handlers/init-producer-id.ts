import { type ErrorCode, errnoOf } from '../../errors/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler } from './handler.js';
import { producerErrno } from './producer-error.js';

/** From this version on PRODUCER_FENCED may be answered. */
const fencedSince = 4;

/**
 * InitProducerId v0–5: a producer id that nobody had before, epoch 0; for a transactional id its
 * own producer id with the next epoch.
 */
export const initProducerId: Handler<'InitProducerId'> = async (request, context) => {
  const { topics, logger, transactions } = context.broker;
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request;
  if (transactionalId === '') return refused(errnoOf('INVALID_REQUEST'));
  try {
    if (transactionalId === null) {
      return { errorCode: 0, producerId: await topics.nextProducerId(), producerEpoch: 0 };
    }
    if (producerId < 0 !== producerEpoch < 0) return refused(errnoOf('INVALID_REQUEST'));
    const expected = producerId < 0 ? undefined : { producerId, producerEpoch };
    const { error, ...given } = await transactions.initProducer({
      transactionalId,
      timeoutMs: transactionTimeoutMs,
      expected,
    });
    if (error !== 'NONE') return refused(errno(error, context.version));
    return { errorCode: 0, producerId: given.producerId, producerEpoch: given.producerEpoch };
  } catch (error) {
    return refused(errorAnswer(error, logger).errorCode);
  }
};

function errno(code: ErrorCode, version: number): number {
  return producerErrno(code, version, fencedSince);
}

function refused(errorCode: number) {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}
