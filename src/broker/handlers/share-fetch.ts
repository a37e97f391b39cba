import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import type { LiveSharePartition, ShareTaken } from '../partition/share/live-share-partition.js';
import {
  finalEpoch,
  initialEpoch,
  type ShareSession,
  type ShareSessionFault,
} from '../partition/share/share-sessions.js';
import {
  type ShareTopicPartition,
  shareTopicPartitionKey,
} from '../partition/share/share-topic-partition.js';
import type { Handler, RequestContext } from './handler.js';
import { LeaderHints } from './leader-hints.js';
import { noLeader } from './share-acknowledge.js';
import { type Acknowledged, acknowledgeAll } from './share-acknowledgements.js';

type Request = RequestDecoded<'ShareFetch'>;
type Response = ResponseInput<'ShareFetch'>;
type TopicAnswer = Response['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

/** KIP-1206: batches are taken whole, or never more records than were asked for. */
const acquireMode = { batchOptimized: 0, recordLimit: 1 } as const;

/** Who leads, where the answer says that another does. */
type Hint = (at: ShareTopicPartition, errorCode: number) => PartitionAnswer['currentLeader'];

interface Member {
  readonly groupId: string;
  readonly memberId: string;
}

/** A partition of the session, at work or not. */
interface Opened {
  readonly at: ShareTopicPartition;
  readonly live: LiveSharePartition | undefined;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface Fetched {
  readonly opened: Opened;
  readonly taken: ShareTaken | undefined;
}

/**
 * ShareFetch v1–2 (KIP-932, KIP-1206, KIP-1222): takes in acknowledgements, then gives the member
 * records that nobody else has, or waits for some. Answered when both are done.
 */
export const shareFetch: Handler<'ShareFetch'> = async (request, context) => {
  const { broker } = context;
  const { groupId, memberId, shareSessionEpoch: epoch, isRenewAck } = request;
  if (groupId === null || memberId === null || memberId === '') return refused('INVALID_REQUEST');
  if (!isSound(request)) return refused('INVALID_REQUEST');
  const member = { groupId, memberId };
  const session = sessionOf(request, member, context);
  if (session === 'SHARE_SESSION_LIMIT_REACHED') await idle(request.maxWaitMs, context);
  if (typeof session === 'string') return refused(session);
  const acknowledging = acknowledgeAll(request.topics, { ...member, isRenewAck }, context);
  const fetches = epoch !== finalEpoch && !isRenewAck;
  const fetched = fetches ? await fetchOrWait(request, session, context) : [];
  const acknowledged = await acknowledging;
  if (epoch === finalEpoch) {
    broker.shareSessions.end(session);
    await broker.sharePartitions.release(groupId, memberId);
  }
  const hints = new LeaderHints(context);
  const hint: Hint = ({ topicId, partition }, code) =>
    hints.hint(code, broker.topics.byId(topicId)?.partitions[partition]) ?? noLeader;
  const responses = answers(fetched, acknowledged, epoch === initialEpoch, hint);
  return {
    errorCode: 0,
    acquisitionLockTimeoutMs: broker.sharePartitions.settingsOf(groupId).lockDurationMs,
    responses,
    nodeEndpoints: hints.endpoints(),
  };
};

function refused(code: ErrorCode): Response {
  const nothing = { responses: [], nodeEndpoints: [] };
  return { errorCode: errnoOf(code), acquisitionLockTimeoutMs: 0, ...nothing };
}

/** Whoever found no room comes again at once: the answer takes as long as an empty one would. */
function idle(maxWaitMs: number, { broker, connection }: RequestContext): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      forgetConnection();
      forgetStop();
      resolve();
    };
    const timer = broker.system.clock.after(Math.max(0, maxWaitMs), finish);
    const forgetStop = broker.onStopping(finish);
    const forgetConnection = connection.onClosed(finish);
  });
}

/** Whoever asks for more time asks for nothing else; nothing is acknowledged before a session. */
function isSound(request: Request): boolean {
  const { isRenewAck, maxWaitMs, minBytes, maxBytes, maxRecords, shareAcquireMode } = request;
  if (isRenewAck && Math.max(maxWaitMs, minBytes, maxBytes, maxRecords) > 0) return false;
  if (shareAcquireMode < 0 || shareAcquireMode > acquireMode.recordLimit) return false;
  if (request.shareSessionEpoch !== initialEpoch) return true;
  return request.topics.every(({ partitions }) =>
    partitions.every(({ acknowledgementBatches }) => acknowledgementBatches.length === 0),
  );
}

function sessionOf(
  request: Request,
  { groupId, memberId }: Member,
  { broker, connection }: RequestContext,
): ShareSession | ShareSessionFault {
  const { shareSessions, sharePartitions } = broker;
  const { shareSessionEpoch: epoch } = request;
  let session: ShareSession | ShareSessionFault;
  if (epoch === initialEpoch) {
    session = shareSessions.begin(groupId, memberId);
    if (typeof session === 'string') return session;
    const begun = session;
    begun.forgetConnection = connection.onClosed(() => {
      shareSessions.end(begun);
      void sharePartitions.release(groupId, memberId);
    });
  } else {
    session = shareSessions.resume(groupId, memberId, epoch);
    if (typeof session === 'string' || epoch === finalEpoch) return session;
  }
  for (const { topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) {
      session.partitions.delete(shareTopicPartitionKey({ topicId, partition }));
    }
  }
  for (const { topicId, partitions } of request.topics) {
    for (const { partitionIndex: partition } of partitions) {
      const at = { topicId, partition };
      session.partitions.set(shareTopicPartitionKey(at), at);
    }
  }
  return session;
}

async function fetchOrWait(
  request: Request,
  session: ShareSession,
  context: RequestContext,
): Promise<Fetched[]> {
  const { sharePartitions, nodeId } = context.broker;
  const { groupId } = session;
  const isHasty = request.maxWaitMs <= 0;
  // Those that nobody has used yet are made ready beside the request, which need not wait for them.
  const opening = new Map<string, ShareTopicPartition>();
  const known: ShareTopicPartition[] = [];
  for (const [key, at] of session.partitions) {
    if (isHasty || sharePartitions.peek({ groupId, ...at }) !== undefined) known.push(at);
    else opening.set(key, at);
  }
  const opened = await Promise.all(known.map((at) => open(at, session, context)));
  if (!isCurrent(session, context)) return [];
  const isUrgent = opened.some(({ errorCode }) => errorCode !== 0);
  const first =
    known.length === 0 && opening.size > 0
      ? undefined
      : look(request, session, opened, nodeId, isUrgent || isHasty);
  const fetched = first ?? (await parked(request, session, { opened, opening }, context));
  // Nothing is known of those that are not ready: nothing is wrong with them either.
  const others = Array.from(opening.values(), (at) => unopened(at, 'NONE'));
  return [...fetched, ...others.map((each) => ({ opened: each, taken: undefined }))];
}

/** Nobody would acknowledge what is acquired for a session that is over. */
function isCurrent(session: ShareSession, { broker, connection }: RequestContext): boolean {
  const { groupId, memberId } = session;
  return !connection.closed && broker.shareSessions.find(groupId, memberId) === session;
}

async function open(
  at: ShareTopicPartition,
  { groupId }: ShareSession,
  { broker }: RequestContext,
): Promise<Opened> {
  const topic = broker.topics.byId(at.topicId);
  if (topic === undefined) return unopened(at, 'UNKNOWN_TOPIC_ID');
  const leaderFault = topic.partitions[at.partition]?.leaderFault(broker.nodeId, -1);
  if (leaderFault !== undefined) return unopened(at, leaderFault);
  const live = await broker.sharePartitions.open({ groupId, ...at });
  if (!('error' in live)) return { at, live, errorCode: 0, errorMessage: null };
  // Nothing is wrong with a state that is being read: it will be there the next time.
  if (passing.has(live.error)) return unopened(at, 'NONE');
  return unopened(at, live.error, live.message);
}

const passing: ReadonlySet<ErrorCode> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'FENCED_STATE_EPOCH',
]);

function unopened(at: ShareTopicPartition, code: ErrorCode, message: string | null = null): Opened {
  return { at, live: undefined, errorCode: errnoOf(code), errorMessage: message };
}

/** What can be acquired now; undefined while it is worth waiting for more. */
function look(
  request: Request,
  session: ShareSession,
  opened: readonly Opened[],
  nodeId: number,
  isOver: boolean,
): Fetched[] | undefined {
  const isLost = opened.some(({ live }) => live !== undefined && isGone(live, nodeId));
  if (!isOver && !isLost && !hasEnough(request, opened)) return undefined;
  let records = Math.max(0, request.maxRecords);
  let bytes = Math.max(0, request.maxBytes);
  const fetched = opened.map((one): Fetched => {
    if (one.live === undefined || records <= 0 || bytes <= 0)
      return { opened: one, taken: undefined };
    if (isGone(one.live, nodeId)) return { opened: closed(one, nodeId), taken: undefined };
    const taken = one.live.acquire({
      memberId: session.memberId,
      maxRecords: records,
      maxBytes: bytes,
      batchSize: Math.max(1, request.batchSize),
      exact: request.shareAcquireMode === acquireMode.recordLimit,
    });
    bytes -= taken.bytes;
    for (const { firstOffset, lastOffset } of taken.acquired) {
      records -= lastOffset - firstOffset + 1;
    }
    if (taken.acquired.length > 0) goLast(session, one.at);
    return { opened: one, taken };
  });
  const isNews = fetched.some(
    ({ taken }) => taken !== undefined && (taken.acquired.length > 0 || taken.errorCode !== 'NONE'),
  );
  return isOver || isLost || isNews ? fetched : undefined;
}

/** Whether this node cannot serve the share partition any more. */
function isGone(live: LiveSharePartition, nodeId: number): boolean {
  return live.fault !== undefined || live.partition.leader !== nodeId;
}

/** Deleted topics are told of; whatever else closes a share partition opens it again. */
function closed(one: Opened, nodeId: number): Opened {
  const leaderFault = one.live?.partition.leaderFault(nodeId, -1);
  if (leaderFault !== undefined) return unopened(one.at, leaderFault);
  const fault = one.live?.fault;
  const isTold = fault !== undefined && !passing.has(fault.error);
  return isTold ? unopened(one.at, fault.error, fault.message) : unopened(one.at, 'NONE');
}

function hasEnough(request: Request, opened: readonly Opened[]): boolean {
  if (request.minBytes <= 1) return true;
  let bytes = 0;
  for (const { live } of opened) {
    bytes += live?.readableBytes(request.maxBytes) ?? 0;
    if (bytes >= request.minBytes) return true;
  }
  return false;
}

/** A partition that gave records is asked last the next time. */
function goLast({ partitions }: ShareSession, at: ShareTopicPartition): void {
  const key = shareTopicPartitionKey(at);
  if (partitions.delete(key)) partitions.set(key, at);
}

/** The partitions of a request: those that are ready, and those that are made ready. */
interface Opening {
  readonly opened: Opened[];
  readonly opening: Map<string, ShareTopicPartition>;
}

/**
 * Waits until there is something to acquire, the time is over, or the broker is about to stop. The
 * first partition that is made ready and has records is answered with alone, as Kafka does.
 */
function parked(
  request: Request,
  session: ShareSession,
  { opened, opening }: Opening,
  context: RequestContext,
): Promise<Fetched[]> {
  const { broker, connection } = context;
  const { clock } = broker.system;
  return new Promise((resolve, reject) => {
    let finished = false;
    let looking = false;
    const end = (): void => {
      finished = true;
      timer.cancel();
      forgetConnection();
      forgetStop();
      for (const { live } of opened) live?.unwatch(wake);
    };
    const finish = (fetched: Fetched[]): void => {
      end();
      resolve(fetched);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const lookAgain = (isOver: boolean): void => {
      looking = false;
      if (finished) return;
      if (!isCurrent(session, context)) return finish([]);
      try {
        const fetched = look(request, session, opened, broker.nodeId, isOver);
        if (fetched !== undefined) finish(fetched);
      } catch (error) {
        fail(error);
      }
    };
    const wake = (): void => {
      if (looking || finished) return;
      looking = true;
      clock.soon(() => lookAgain(false));
    };
    const timer = clock.after(request.maxWaitMs, () => lookAgain(true));
    const forgetStop = broker.onStopping(() => finish([]));
    // Nobody would hear of what is acquired now.
    const forgetConnection = connection.onClosed(() => finish([]));
    for (const { live } of opened) live?.watch(wake);
    for (const [key, at] of opening) {
      open(at, session, context).then((one) => {
        if (finished) return;
        opening.delete(key);
        opened.push(one);
        one.live?.watch(wake);
        lookAgain(one.errorCode !== 0);
      }, fail);
    }
  });
}

function answers(
  fetched: readonly Fetched[],
  acknowledged: readonly Acknowledged[],
  isFull: boolean,
  hint: Hint,
): TopicAnswer[] {
  const partitions = new Map<string, { at: ShareTopicPartition; answer: PartitionAnswer }>();
  for (const { opened, taken } of fetched) {
    const isNews = opened.errorCode !== 0 || (taken !== undefined && isTold(taken));
    if (!isFull && !isNews) continue;
    const { at } = opened;
    partitions.set(shareTopicPartitionKey(at), { at, answer: answerOf(opened, taken, hint) });
  }
  for (const { topicId, partition, errorCode, errorMessage } of acknowledged) {
    const at = { topicId, partition };
    const key = shareTopicPartitionKey(at);
    const answer = partitions.get(key)?.answer ?? answerOf({ at, ...fine }, undefined, hint);
    if (errorCode !== 0) answer.currentLeader = hint(at, errorCode);
    answer.acknowledgeErrorCode = errorCode;
    answer.acknowledgeErrorMessage = errorMessage;
    partitions.set(key, { at, answer });
  }
  const topics = new Map<string, PartitionAnswer[]>();
  for (const { at, answer } of partitions.values()) {
    const answered = topics.get(at.topicId) ?? [];
    topics.set(at.topicId, answered);
    answered.push(answer);
  }
  return Array.from(topics, ([topicId, answered]) => ({ topicId, partitions: answered }));
}

const fine = { live: undefined, errorCode: 0, errorMessage: null };

function isTold({ acquired, errorCode }: ShareTaken): boolean {
  return acquired.length > 0 || errorCode !== 'NONE';
}

function answerOf(opened: Opened, taken: ShareTaken | undefined, hint: Hint): PartitionAnswer {
  const errorCode = taken === undefined ? opened.errorCode : errnoOf(taken.errorCode);
  return {
    partitionIndex: opened.at.partition,
    errorCode,
    errorMessage: opened.errorMessage,
    acknowledgeErrorCode: 0,
    acknowledgeErrorMessage: null,
    currentLeader: errorCode === 0 ? noLeader : hint(opened.at, errorCode),
    records: (taken?.records ?? []) as PartitionAnswer['records'],
    acquiredRecords: [...(taken?.acquired ?? [])],
  };
}
