import { errnoOf } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import type { TopicFacts } from '../metadata/topic-lookup.js';
import type { Handler, RequestContext } from './handler.js';

/** From this version on topics are named by their ids. */
const topicIdsSince = 10;

type RequestedTopic = RequestDecoded<'OffsetCommit'>['topics'][number];

/**
 * OffsetCommit v2–10, and v0–1 of old clients, whose offsets go to the same place. Only partitions
 * that exist are passed on.
 */
export const offsetCommit: Handler<'OffsetCommit'> = async (request, context) => {
  const known = request.topics.flatMap((requested) => {
    const facts = topicOf(requested, context);
    if (facts === undefined) return [];
    const partitions = requested.partitions.filter((one) => exists(one.partitionIndex, facts));
    return partitions.length === 0 ? [] : [{ requested, facts, partitions }];
  });
  const codes = new Map<RequestedTopic, IterableIterator<number>>();
  if (known.length > 0) {
    const { errorCodes } = await context.broker.groups.commitOffsets(
      {
        ...request,
        topics: known.map(({ facts, partitions }) => ({
          name: facts.name,
          topicId: facts.id,
          partitions,
        })),
      },
      context.version,
    );
    known.forEach(({ requested }, at) => codes.set(requested, (errorCodes[at] ?? []).values()));
  }
  return {
    topics: request.topics.map((requested) => {
      const { name, topicId, partitions } = requested;
      const facts = topicOf(requested, context);
      const committed = codes.get(requested);
      return {
        ...(context.version >= topicIdsSince ? { topicId } : { name }),
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: exists(partitionIndex, facts)
            ? (committed?.next().value ?? errnoOf('UNKNOWN_SERVER_ERROR'))
            : unknownTopic(facts, context),
        })),
      };
    }),
  };
};

function topicOf(
  { name, topicId }: RequestedTopic,
  { broker, version }: RequestContext,
): TopicFacts | undefined {
  return version >= topicIdsSince ? broker.topics.byId(topicId) : broker.topics.byName(name);
}

function exists(partitionIndex: number, facts: TopicFacts | undefined): boolean {
  return facts !== undefined && partitionIndex >= 0 && partitionIndex < facts.partitionCount;
}

function unknownTopic(facts: TopicFacts | undefined, { version }: RequestContext): number {
  const byId = facts === undefined && version >= topicIdsSince;
  return errnoOf(byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION');
}
