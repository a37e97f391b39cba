import type { Handler } from './handler.js';

/** OffsetDelete v0 (KIP-496): an administrator forgets offsets of topics nobody reads. */
export const offsetDelete: Handler<'OffsetDelete'> = async (request, context) => {
  const { errorCode, topics } = await context.broker.groups.deleteOffsets(request);
  return {
    errorCode,
    topics: topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })),
  };
};
