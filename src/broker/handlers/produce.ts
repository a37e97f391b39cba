import { AppendError, type AppendResult } from '../log/index.js';
import { errnoOf, type ErrorCode, isKafkaError } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import { RecordBatch } from '../../records/index.js';
import type { Nodes } from '../cluster/nodes.js';
import type { Topic } from '../metadata/topic.js';
import type { Partition } from '../partition/partition.js';
import { errorAnswer } from './error-answer.js';
import { type Handler, hangUp, noAnswer, type RequestContext } from './handler.js';
import { LeaderHints } from './leader-hints.js';
import { upgradedRecords } from './legacy-records.js';
import { TransactionalProduce } from './transactional-produce.js';

type Request = RequestDecoded<'Produce'>;
type PartitionAsked = Request['topicData'][number]['partitionData'][number];
type TopicAnswer = NonNullable<ResponseInput<'Produce'>['responses']>[number];
type PartitionAnswer = NonNullable<TopicAnswer['partitionResponses']>[number];

/** A batch in the log whose answer may have to wait for the disk. */
interface Written {
  readonly partition: Partition;
  readonly upTo: number;
  /** Called with the answer that replaces success when waiting fails. */
  readonly fail: (answer: PartitionAnswer) => void;
}

/** From this version on an answer may name the leader (KIP-951). */
const hintsFromVersion = 10;
/** Produce before v7 knows no zstd. */
const zstdFromVersion = 7;
const codecMask = 0x07;
const zstdCodec = 4;
const attributesAt = 21;

/**
 * Produce v3–13, and v0–2 with message sets of magic 0 and 1, which become batches. acks 1
 * answers when the batch is in the log, acks -1 when it is synced; acks 0 has no answer, and a
 * failure closes the connection so that the producer learns of it.
 */
export const produce: Handler<'Produce'> = (request, context) => {
  const written: Written[] = [];
  const loading: Promise<void>[] = [];
  const transactional = new TransactionalProduce(request, context);
  const responses = request.topicData.map((asked): TopicAnswer => {
    const topic = topicOf(asked, context);
    const partitionResponses: PartitionAnswer[] = [];
    for (const [at, one] of asked.partitionData.entries()) {
      const set = (answer: PartitionAnswer): void => {
        partitionResponses[at] = answer;
      };
      // Kept in place while the codec of this one is loaded.
      set(failed(one.index, 'UNKNOWN_SERVER_ERROR'));
      const wait = appendOne(topic, one, request, context, transactional, set, written);
      if (wait !== undefined) loading.push(wait);
    }
    return { name: asked.name, topicId: asked.topicId, partitionResponses };
  });
  const finish = () => finished(request, responses, written, context);
  return loading.length === 0 ? finish() : Promise.all(loading).then(finish);
};

function topicOf(
  asked: Request['topicData'][number],
  { broker, version }: RequestContext,
): Topic | ErrorCode {
  const topic =
    version >= 13 ? broker.topics.byId(asked.topicId) : broker.topics.byName(asked.name);
  if (topic === undefined) return version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION';
  return topic.internal ? 'INVALID_TOPIC_EXCEPTION' : topic;
}

function failed(index: number, code: ErrorCode): PartitionAnswer {
  return { index, errorCode: errnoOf(code), baseOffset: -1 };
}

/**
 * Appends one partition's records; a promise where a codec has to be loaded first, or where the
 * partition joins a transaction.
 */
function appendOne(
  topic: Topic | ErrorCode,
  asked: PartitionAsked,
  request: Request,
  context: RequestContext,
  transactional: TransactionalProduce,
  set: (answer: PartitionAnswer) => void,
  written: Written[],
): Promise<void> | undefined {
  const refuse = (error: unknown): void => set(refused(asked.index, error, context));
  const succeed = (partition: Partition, result: AppendResult): void => {
    const { baseOffset, logAppendTime, logStartOffset } = result;
    const { index } = asked;
    set({ index, errorCode: 0, baseOffset, logAppendTimeMs: logAppendTime, logStartOffset });
    written.push({ partition, upTo: result.lastOffset + 1, fail: set });
  };
  try {
    const partition = checked(topic, asked, request, context);
    const urgent = request.acks === -1;
    const batch = batchOf(asked, context);
    const admission =
      batch instanceof Promise ? undefined : transactional.admission(partition, batch);
    const append = (bytes: Buffer): AppendResult | Promise<AppendResult> =>
      partition.append(bytes, {
        origin: 'client',
        now: context.now,
        urgent,
        admit: admission?.admit,
      });
    const ready = admission?.before?.then(() => batch) ?? batch;
    const result = ready instanceof Promise ? ready.then(append) : append(ready);
    if (!(result instanceof Promise)) {
      succeed(partition, result);
      return undefined;
    }
    return result.then((given) => succeed(partition, given)).catch(refuse);
  } catch (error) {
    refuse(error);
    return undefined;
  }
}

function checked(
  topic: Topic | ErrorCode,
  asked: PartitionAsked,
  request: Request,
  { broker }: RequestContext,
): Partition {
  if (typeof topic === 'string') throw new AppendError(topic, 'No such topic can be written to.');
  const partition = topic.partitions[asked.index];
  if (partition === undefined) {
    throw new AppendError('UNKNOWN_TOPIC_OR_PARTITION', 'The topic has no such partition.');
  }
  if (request.acks < -1 || request.acks > 1) {
    throw new AppendError('INVALID_REQUIRED_ACKS', `acks is ${request.acks}.`);
  }
  if (partition.leader !== broker.nodeId) {
    throw new AppendError('NOT_LEADER_OR_FOLLOWER', `Broker ${partition.leader} leads it.`);
  }
  if (request.acks === -1 && partition.replicas.length > 1) {
    checkInSync(partition, topic, broker.nodes);
  }
  return partition;
}

/** acks=all needs as many replicas in sync as the topic demands, or all where it has fewer. */
function checkInSync(partition: Partition, topic: Topic, nodes: Nodes): void {
  const { replicas } = partition;
  const demanded = Math.min(topic.config.number('min.insync.replicas'), replicas.length);
  const { length } = nodes.inSync(replicas);
  if (length >= demanded) return;
  throw new AppendError('NOT_ENOUGH_REPLICAS', `${length} replicas are in sync, not ${demanded}.`);
}

/** The batch to append; message sets of old clients are converted to one. */
function batchOf(asked: PartitionAsked, context: RequestContext): Buffer | Promise<Buffer> {
  const { records } = asked;
  if (records === null || records.length === 0) {
    throw new AppendError('INVALID_RECORD', 'The request holds no records for the partition.');
  }
  const magic = RecordBatch.magicAt(records, 0);
  if (context.version < 3) {
    const limit = context.broker.config.number('max.decompressed.batch.bytes');
    return upgradedRecords(records, limit);
  }
  if (magic !== 2 || records.length <= attributesAt + 1) return records;
  const attributes = records.readInt16BE(attributesAt);
  if (context.version < zstdFromVersion && (attributes & codecMask) === zstdCodec) {
    throw new AppendError(
      'UNSUPPORTED_COMPRESSION_TYPE',
      `Produce v${context.version} cannot carry zstd.`,
    );
  }
  return records;
}

function refused(index: number, error: unknown, { broker }: RequestContext): PartitionAnswer {
  if (error instanceof AppendError) {
    return {
      index,
      errorCode: error.errno ?? errnoOf('UNKNOWN_SERVER_ERROR'),
      baseOffset: -1,
      logStartOffset: error.logStartOffset,
      recordErrors: error.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      })),
      errorMessage: error.answer,
    };
  }
  const { errorCode } = errorAnswer(error, broker.logger);
  return { index, errorCode, baseOffset: -1 };
}

function finished(
  request: Request,
  responses: TopicAnswer[],
  written: readonly Written[],
  context: RequestContext,
) {
  if (request.acks === 0) {
    const good = responses.every((topic) =>
      (topic.partitionResponses ?? []).every((one) => one.errorCode === 0),
    );
    return good ? noAnswer : hangUp;
  }
  const answer = () => withLeaders(responses, request, context);
  if (request.acks !== -1 || written.length === 0) return answer();
  return allReplicated(written, request.timeoutMs, context).then(answer);
}

/** Names the leaders of partitions that were asked of the wrong node. */
function withLeaders(
  responses: TopicAnswer[],
  request: Request,
  context: RequestContext,
): ResponseInput<'Produce'> {
  const wrong = errnoOf('NOT_LEADER_OR_FOLLOWER');
  const isWrong = ({ errorCode }: PartitionAnswer): boolean => errorCode === wrong;
  const anyWrong = responses.some(({ partitionResponses }) => partitionResponses?.some(isWrong));
  if (context.version < hintsFromVersion || !anyWrong) return { responses };
  const hints = new LeaderHints(context);
  const hinted = responses.map((answer, at) => {
    const asked = request.topicData[at];
    const topic = asked === undefined ? undefined : topicOf(asked, context);
    const partitions = topic === undefined || typeof topic === 'string' ? [] : topic.partitions;
    return {
      ...answer,
      partitionResponses: (answer.partitionResponses ?? []).map((one) => {
        const currentLeader = hints.hint(one.errorCode, partitions[one.index]);
        return currentLeader === undefined ? one : { ...one, currentLeader };
      }),
    };
  });
  return { responses: hinted, nodeEndpoints: hints.endpoints() };
}

/** Resolves when every batch is synced or has failed to be, or the request timed out. */
function allReplicated(
  written: readonly Written[],
  timeoutMs: number,
  { broker }: RequestContext,
): Promise<void> {
  return new Promise((resolve) => {
    const waiting = new Set(written);
    const settle = (): void => {
      timer.cancel();
      resolve();
    };
    const timer = broker.system.clock.after(Math.max(0, timeoutMs), () => {
      for (const { partition, fail } of waiting) fail(failed(partition.index, 'REQUEST_TIMED_OUT'));
      waiting.clear();
      resolve();
    });
    for (const one of written) {
      one.partition.whenReplicated(one.upTo, (error) => {
        if (!waiting.delete(one)) return;
        if (error !== undefined) {
          broker.logger.warn(`A batch was written but not kept: ${error.message}`);
          one.fail(failed(one.partition.index, replicationFault(error)));
        }
        if (waiting.size === 0) settle();
      });
    }
  });
}

function replicationFault(error: Error): ErrorCode {
  const deleted = isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION');
  return deleted ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'KAFKA_STORAGE_ERROR';
}
