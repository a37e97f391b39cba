import type { ErrorCode } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import type { ProducerAtEpoch } from '../coordinator/index.js';
import type { Handler, RequestContext } from './handler.js';
import { producerErrno } from './producer-error.js';

type AskedTopic = RequestDecoded<'AddPartitionsToTxn'>['v3AndBelowTopics'][number];

/** One producer's partitions, whatever the version. */
interface Asked extends ProducerAtEpoch {
  readonly transactionalId: string;
  readonly verifyOnly: boolean;
  readonly topics: readonly AskedTopic[];
}

/** From this version on brokers ask for many transactions, and may only ask whether. */
const manySince = 4;
/** From this version on PRODUCER_FENCED may be answered. */
const fencedSince = 2;

/** AddPartitionsToTxn v0–5: all partitions or none are taken into a transaction. */
export const addPartitionsToTxn: Handler<'AddPartitionsToTxn'> = async (request, context) => {
  if (context.version < manySince) {
    const resultsByTopicV3AndBelow = await resultsOf(
      {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      },
      context,
    );
    return { resultsByTopicV3AndBelow };
  }
  const resultsByTransaction = await Promise.all(
    request.transactions.map(async (asked) => ({
      transactionalId: asked.transactionalId,
      topicResults: await resultsOf(asked, context),
    })),
  );
  return { errorCode: 0, resultsByTransaction };
};

async function resultsOf(asked: Asked, context: RequestContext) {
  const { topics, transactions } = context.broker;
  const { transactionalId, producerId, producerEpoch } = asked;
  const isThere = (name: string, index: number) => topics.partition(name, index) !== undefined;
  const results = (codeOf: (name: string, index: number) => ErrorCode) =>
    asked.topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: producerErrno(
          codeOf(name, partitionIndex),
          context.version,
          fencedSince,
        ),
      })),
    }));
  if (transactionalId === '') return results(() => 'INVALID_REQUEST');
  const isWhole = asked.topics.every(({ name, partitions }) =>
    partitions.every((index) => isThere(name, index)),
  );
  if (!isWhole) {
    return results((name, index) =>
      isThere(name, index) ? 'OPERATION_NOT_ATTEMPTED' : 'UNKNOWN_TOPIC_OR_PARTITION',
    );
  }
  if (asked.verifyOnly) {
    return results(
      (name, index) => transactions.fault(transactionalId, asked, name, index) ?? 'NONE',
    );
  }
  if (asked.topics.length === 0) return [];
  const code = await transactions.addPartitions({
    transactionalId,
    producerId,
    producerEpoch,
    partitions: asked.topics.map(({ name, partitions }) => [name, partitions] as const),
    clientVersion: context.version < manySince ? 0 : 2,
  });
  return results(() => code);
}
