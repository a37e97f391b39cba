import { errnoOf } from '../../errors/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler } from './handler.js';

/**
 * InitProducerId v0–5 for idempotent producers: a producer id that nobody had before, epoch 0.
 * Transactions are not served, so a transactional id is refused for good: a retriable code would
 * have the client ask for ever.
 */
export const initProducerId: Handler<'InitProducerId'> = async (request, context) => {
  const { topics, logger } = context.broker;
  if (request.transactionalId === '') return refused('INVALID_REQUEST');
  if (request.transactionalId !== null) {
    logger.warn(
      `The client ${context.clientId ?? 'without id'} asks for transactions ` +
        `(transactional.id ${request.transactionalId}), which this broker does not serve.`,
    );
    return refused('UNSUPPORTED_VERSION');
  }
  try {
    return { errorCode: 0, producerId: await topics.nextProducerId(), producerEpoch: 0 };
  } catch (error) {
    return {
      errorCode: errorAnswer(error, logger).errorCode,
      producerId: -1,
      producerEpoch: -1,
    };
  }
};

function refused(code: 'INVALID_REQUEST' | 'UNSUPPORTED_VERSION') {
  return { errorCode: errnoOf(code), producerId: -1, producerEpoch: -1 };
}
