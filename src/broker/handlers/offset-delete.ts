import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/**
 * OffsetDelete v0 (KIP-496): an administrator forgets offsets of topics nobody reads. Nothing to
 * forget is an error only where there is no such partition.
 */
export const offsetDelete: Handler<'OffsetDelete'> = async (request, context) => {
  const { groups, topics: lookup } = context.broker;
  const unknown = errnoOf('UNKNOWN_TOPIC_OR_PARTITION');
  const { errorCode, topics } = await groups.deleteOffsets(request);
  return {
    errorCode,
    topics: topics.map(({ name, partitions }) => {
      const count = lookup.byName(name)?.partitionCount ?? 0;
      const isThere = (index: number) => index >= 0 && index < count;
      return {
        name,
        partitions: partitions.map((one) => {
          const isNothing = one.errorCode === unknown && isThere(one.partitionIndex);
          return isNothing ? { ...one, errorCode: 0 } : { ...one };
        }),
      };
    }),
  };
};
