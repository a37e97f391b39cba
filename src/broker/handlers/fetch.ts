import { errnoOf } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import {
  type FetchLimits,
  fetchedPartition,
  type FetchReads,
  type PartitionRead,
  readPartitions,
} from '../partition/fetch-read.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import type { FetchPlan } from '../partition/fetch-sessions.js';
import type { Partition } from '../partition/partition.js';
import type { Handler, RequestContext } from './handler.js';
import { LeaderHints } from './leader-hints.js';
import { downgradedRecords } from './legacy-records.js';

type Request = RequestDecoded<'Fetch'>;
type Response = ResponseInput<'Fetch'>;
type TopicAnswer = NonNullable<Response['responses']>[number];
type PartitionAnswer = NonNullable<TopicAnswer['partitions']>[number];

/** From this version on topics are named by id. */
const topicIdsFromVersion = 13;
/** From this version on an answer may name the leader (KIP-951). */
const hintsFromVersion = 16;
/** From this version on consumers may read from followers (KIP-392). */
const followersFromVersion = 11;
/** Before this version records are message sets of magic 0 or 1. */
const batchesFromVersion = 4;

/**
 * Fetch v4–18, and v0–3 with records converted for old consumers. Answers when `minBytes` are
 * there, when something is wrong, or after `maxWaitMs`.
 */
export const fetchRecords: Handler<'Fetch'> = (request, context) => {
  const { broker, version } = context;
  if (request.isolationLevel !== 0 && request.isolationLevel !== 1)
    return refused('INVALID_REQUEST');
  const plan = broker.fetchSessions.plan(request, version);
  if (typeof plan === 'string') return refused(plan);
  const limits: FetchLimits = {
    maxBytes: Math.min(Math.max(0, request.maxBytes), broker.config.number('fetch.max.bytes')),
    readCommitted: request.isolationLevel === 1,
    byTopicId: version >= topicIdsFromVersion,
    nodeId: broker.nodeId,
    followers: version >= followersFromVersion,
  };
  const read = (): FetchReads => readPartitions(broker.topics, plan.partitions, limits);
  const found = read();
  const due =
    found.urgent ||
    found.bytes >= request.minBytes ||
    request.maxWaitMs <= 0 ||
    plan.partitions.size === 0;
  if (due) return answered(found, plan, limits, context);
  return parked(request, plan, limits, context, read).then((reads) =>
    answered(reads, plan, limits, context),
  );
};

function refused(code: Parameters<typeof errnoOf>[0]): Response {
  return { errorCode: errnoOf(code), sessionId: 0, responses: [] };
}

/**
 * Waits until the partitions have enough, and reads them. What several partitions get in the same
 * turn of the event loop is read once.
 */
function parked(
  request: Request,
  plan: FetchPlan,
  limits: FetchLimits,
  context: RequestContext,
  read: () => FetchReads,
): Promise<FetchReads> {
  const { clock } = context.broker.system;
  const watched: Partition[] = [];
  for (const asked of plan.partitions.values()) {
    const partition = fetchedPartition(asked, context.broker.topics, limits.byTopicId);
    if (typeof partition !== 'string') watched.push(partition);
  }
  return new Promise((resolve, reject) => {
    let finished = false;
    let looking = false;
    const finish = (reads: FetchReads): void => {
      finished = true;
      timer.cancel();
      forgetConnection();
      forgetStop();
      for (const partition of watched) partition.unwatch(wake);
      resolve(reads);
    };
    const look = (over: boolean): void => {
      looking = false;
      if (finished) return;
      try {
        const found = read();
        if (over || found.urgent || found.bytes >= request.minBytes) finish(found);
      } catch (error) {
        finish({ reads: [], bytes: 0, urgent: true });
        reject(error);
      }
    };
    const wake = (): void => {
      if (looking || finished) return;
      looking = true;
      clock.soon(() => look(false));
    };
    const timer = clock.after(request.maxWaitMs, () => look(true));
    const forgetStop = context.broker.onStopping(() => look(true));
    const forgetConnection = context.connection.onClosed(() =>
      finish({ reads: [], bytes: 0, urgent: false }),
    );
    for (const partition of watched) partition.watch(wake);
  });
}

function answered(
  found: FetchReads,
  plan: FetchPlan,
  limits: FetchLimits,
  context: RequestContext,
): Response | Promise<Response> {
  const told = found.reads.filter((read) => !plan.incremental || hasNews(read));
  for (const read of told) remember(read, plan);
  const topics = new Map<string, PartitionAnswer[]>();
  const responses: TopicAnswer[] = [];
  const converting: Promise<void>[] = [];
  const hints = new LeaderHints(context);
  for (const read of told) {
    const { topic, topicId } = read.asked;
    const key = limits.byTopicId ? topicId : topic;
    let partitions = topics.get(key);
    if (partitions === undefined) {
      partitions = [];
      topics.set(key, partitions);
      responses.push({ topic, topicId, partitions });
    }
    partitions.push(partitionAnswer(read, limits, context, converting, hints));
  }
  const response: Response = { errorCode: 0, sessionId: plan.sessionId, responses };
  const nodeEndpoints = hints.endpoints();
  if (nodeEndpoints.length > 0) response.nodeEndpoints = nodeEndpoints;
  return converting.length === 0 ? response : Promise.all(converting).then(() => response);
}

/** Whether an incremental answer has to mention the partition. */
function hasNews({ asked, ...read }: PartitionRead): boolean {
  return (
    read.errorCode !== 0 ||
    read.bytes > 0 ||
    read.diverging !== undefined ||
    read.highWatermark !== asked.toldHighWatermark ||
    read.logStartOffset !== asked.toldLogStart
  );
}

/** Notes what the client is told; a partition that gave records goes last the next time. */
function remember(read: PartitionRead, { session }: FetchPlan): void {
  const { asked } = read;
  asked.toldHighWatermark = read.highWatermark;
  asked.toldLogStart = read.logStartOffset;
  if (session === undefined || read.bytes === 0 || !session.partitions.delete(read.key)) return;
  session.partitions.set(read.key, asked);
}

function partitionOf(
  { asked }: PartitionRead,
  topics: TopicRegistry,
  { byTopicId }: FetchLimits,
): Partition | undefined {
  const found = fetchedPartition(asked, topics, byTopicId);
  return typeof found === 'string' ? undefined : found;
}

function partitionAnswer(
  read: PartitionRead,
  limits: FetchLimits,
  { broker, version }: RequestContext,
  converting: Promise<void>[],
  hints: LeaderHints,
): PartitionAnswer {
  const currentLeader =
    read.errorCode === 0 || version < hintsFromVersion
      ? undefined
      : hints.hint(read.errorCode, partitionOf(read, broker.topics, limits));
  const answer = {
    partitionIndex: read.asked.partition,
    errorCode: read.errorCode,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions: limits.readCommitted
      ? read.aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
      : null,
    records: read.chunks as PartitionAnswer['records'],
    ...(read.diverging === undefined ? {} : { divergingEpoch: read.diverging }),
    ...(currentLeader === undefined ? {} : { currentLeader }),
  };
  if (version >= batchesFromVersion) return answer;
  const limit = broker.config.number('max.decompressed.batch.bytes');
  const records = downgradedRecords(read.chunks, version, read.asked.fetchOffset, limit);
  if (records instanceof Promise) {
    converting.push(
      records.then((converted) => {
        answer.records = converted;
      }),
    );
  } else {
    answer.records = records;
  }
  return answer;
}
