import { errnoOf } from '../../errors/index.js';
import type {
  LegacyListOffsetsRequestDecoded,
  LegacyListOffsetsResponse,
  RequestDecoded,
  ResponseInput,
} from '../../protocol/index.js';
import type { OffsetAndTimestamp } from '../log/index.js';
import type { Partition } from '../partition/partition.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Asked = RequestDecoded<'ListOffsets'>['topics'][number]['partitions'][number];
type TopicAnswer = NonNullable<ResponseInput<'ListOffsets'>['topics']>[number];
type PartitionAnswer = NonNullable<TopicAnswer['partitions']>[number];

/** Timestamps that stand for a place in the log (`ListOffsetsRequest`). */
const special = {
  latest: -1,
  earliest: -2,
  maxTimestamp: -3,
  earliestLocal: -4,
  latestTiered: -5,
  earliestPendingUpload: -6,
} as const;

/** The first version whose answer says the leader epoch. */
const epochFromVersion = 4;

/** The first version that knows each special timestamp. */
const since = new Map<number, number>([
  [special.latest, 0],
  [special.earliest, 0],
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
  [special.earliestPendingUpload, 11],
]);

/** ListOffsets v1–11, and v0, which asks for a list of offsets. */
export const listOffsets: Handler<'ListOffsets'> = async (request, context) => {
  if (context.version === 0) {
    return await oldStyle(request as LegacyListOffsetsRequestDecoded, context);
  }
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }): Promise<TopicAnswer> => {
      const answers = partitions.map((asked) =>
        listOne(name, asked, request.isolationLevel, context),
      );
      return { name, partitions: await Promise.all(answers) };
    }),
  );
  return { topics };
};

async function listOne(
  topic: string,
  asked: Asked,
  isolationLevel: number,
  context: RequestContext,
): Promise<PartitionAnswer> {
  const { partitionIndex, timestamp } = asked;
  const fail = (errorCode: number): PartitionAnswer => ({ partitionIndex, errorCode });
  const partition = context.broker.topics.partition(topic, partitionIndex);
  if (partition === undefined) return fail(errnoOf('UNKNOWN_TOPIC_OR_PARTITION'));
  const fault = partition.leaderFault(context.broker.nodeId, asked.currentLeaderEpoch);
  if (fault !== undefined) return fail(errnoOf(fault));
  if (timestamp < 0 && context.version < (since.get(timestamp) ?? Number.MAX_SAFE_INTEGER)) {
    return fail(errnoOf('UNSUPPORTED_VERSION'));
  }
  try {
    const found = await lookUp(partition, timestamp, isolationLevel);
    if (found === undefined) return { partitionIndex, errorCode: 0 };
    const { leaderEpoch, ...place } = found;
    const epoch = context.version >= epochFromVersion ? { leaderEpoch } : {};
    return { partitionIndex, errorCode: 0, ...place, ...epoch };
  } catch (error) {
    return fail(errorAnswer(error, context.broker.logger).errorCode);
  }
}

async function lookUp(
  partition: Partition,
  timestamp: number,
  isolationLevel: number,
): Promise<OffsetAndTimestamp | undefined> {
  const upTo = isolationLevel === 1 ? partition.lastStableOffset : partition.highWatermark;
  switch (timestamp) {
    case special.latest:
      return { offset: upTo, timestamp: -1, leaderEpoch: partition.leaderEpoch };
    case special.earliest:
    case special.earliestLocal: {
      const offset = partition.logStartOffset;
      const epoch = offset < partition.logEndOffset ? partition.log.epochAt(offset) : -1;
      const leaderEpoch = epoch >= 0 ? epoch : partition.leaderEpoch;
      return { offset, timestamp: -1, leaderEpoch };
    }
    case special.maxTimestamp:
      return partition.log.offsetOfMaxTimestamp(upTo);
    case special.latestTiered:
    case special.earliestPendingUpload:
      // Nothing is tiered here.
      return undefined;
    default:
      return partition.log.offsetForTimestamp(timestamp, upTo);
  }
}

/**
 * Version 0 wants the starts of segments before a time, newest first. Times have no good answer
 * in it (Kafka looked at file dates), so a time is answered as the first record at or after it.
 */
async function oldStyle(
  request: LegacyListOffsetsRequestDecoded,
  context: RequestContext,
): Promise<LegacyListOffsetsResponse> {
  const topics = [];
  for (const { name, partitions } of request.topics) {
    const answers = [];
    for (const asked of partitions) {
      const one = { ...asked, currentLeaderEpoch: -1 };
      const { partitionIndex, errorCode, offset = -1 } = await listOne(name, one, 0, context);
      const start = context.broker.topics.partition(name, partitionIndex)?.logStartOffset ?? 0;
      const wanted =
        asked.timestamp === special.latest && offset > start ? [offset, start] : [offset];
      const known = offset >= 0 ? wanted : [start];
      const oldStyleOffsets = errorCode === 0 ? known.slice(0, asked.maxNumOffsets) : [];
      answers.push({ partitionIndex, errorCode, oldStyleOffsets });
    }
    topics.push({ name, partitions: answers });
  }
  return { topics };
}
