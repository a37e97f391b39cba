import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/** DescribeProducers v0: the producers a partition knows, with their open transactions. */
export const describeProducers: Handler<'DescribeProducers'> = (request, { broker }) => ({
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      const partition = broker.topics.partition(name, partitionIndex);
      const fault =
        partition === undefined
          ? 'UNKNOWN_TOPIC_OR_PARTITION'
          : partition.leaderFault(broker.nodeId, -1);
      if (partition === undefined || fault !== undefined) {
        const errorCode = errnoOf(fault ?? 'UNKNOWN_TOPIC_OR_PARTITION');
        return { partitionIndex, errorCode, activeProducers: [] };
      }
      const activeProducers = partition.log.producers().map((producer) => ({
        producerId: producer.producerId,
        producerEpoch: producer.producerEpoch,
        lastSequence: producer.lastSequence,
        lastTimestamp: producer.lastTimestamp,
        coordinatorEpoch: producer.coordinatorEpoch,
        currentTxnStartOffset: producer.currentTransactionStartOffset,
      }));
      return { partitionIndex, errorCode: 0, activeProducers };
    }),
  })),
});
