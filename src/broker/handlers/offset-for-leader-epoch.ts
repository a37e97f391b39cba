import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/** OffsetForLeaderEpoch v2–4 (KIP-320): where an epoch ended, so that clients see truncation. */
export const offsetForLeaderEpoch: Handler<'OffsetForLeaderEpoch'> = (request, { broker }) => ({
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
      const partition = broker.topics.partition(topic, index);
      if (partition === undefined) {
        return { errorCode: errnoOf('UNKNOWN_TOPIC_OR_PARTITION'), partition: index };
      }
      const fault = partition.leaderFault(broker.nodeId, currentLeaderEpoch);
      if (fault !== undefined) return { errorCode: errnoOf(fault), partition: index };
      const end = partition.log.endOffsetForEpoch(leaderEpoch);
      return { errorCode: 0, partition: index, leaderEpoch: end.epoch, endOffset: end.endOffset };
    }),
  })),
});
