import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';
import { producerErrno } from './producer-error.js';

/** From this version on PRODUCER_FENCED may be answered. */
const fencedSince = 2;
/** From this version on every end of a transaction brings a new epoch (KIP-890, part 2). */
const bumpsSince = 5;

/** EndTxn v0–5: commits or aborts the producer's transaction. */
export const endTxn: Handler<'EndTxn'> = async (request, { broker, version }) => {
  const { transactionalId, producerId, producerEpoch, committed } = request;
  if (transactionalId === '') return { errorCode: errnoOf('INVALID_REQUEST') };
  const ended = await broker.transactions.end({
    transactionalId,
    producerId,
    producerEpoch,
    committed,
    bumpsEpoch: version >= bumpsSince,
  });
  const errorCode = producerErrno(ended.error, version, fencedSince);
  if (version < bumpsSince) return { errorCode };
  return { errorCode, producerId: ended.producerId, producerEpoch: ended.producerEpoch };
};
