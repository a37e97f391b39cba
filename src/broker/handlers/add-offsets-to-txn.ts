import { errorAnswer } from './error-answer.js';
import type { Handler } from './handler.js';
import { producerErrno } from './producer-error.js';
import { errnoOf } from '../../errors/index.js';

/** From this version on PRODUCER_FENCED may be answered. */
const fencedSince = 2;

/** AddOffsetsToTxn v0–4: takes a group's partition of `__consumer_offsets` into a transaction. */
export const addOffsetsToTxn: Handler<'AddOffsetsToTxn'> = async (request, context) => {
  const { broker, version } = context;
  const { transactionalId, producerId, producerEpoch, groupId } = request;
  if (transactionalId === '') return { errorCode: errnoOf('INVALID_REQUEST') };
  try {
    const partition = await broker.groups.partitionOf(groupId);
    const code = await broker.transactions.addPartitions({
      transactionalId,
      producerId,
      producerEpoch,
      partitions: [[broker.offsetsTopic.name, [partition]]],
      clientVersion: 0,
    });
    return { errorCode: producerErrno(code, version, fencedSince) };
  } catch (error) {
    return { errorCode: errorAnswer(error, broker.logger).errorCode };
  }
};
