import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf, errorFacts, isKafkaError, KafkaError } from '../../errors/index.js';
import type { RequestInput, ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import type { ProducerBatch } from './producer-batch.js';
import type { ProducerSettings } from './producer-options.js';

type ProduceResponse = ResponseDecoded<'Produce'>;
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** What becomes of a batch. */
export interface Outcome {
  complete(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void;
  retry(batch: ProducerBatch, error: KafkaError, atOnce?: boolean): void;
  split(batch: ProducerBatch, error: KafkaError): void;
  fail(batch: ProducerBatch, errorOf: (index: number) => KafkaError): void;
}

export interface Delivery {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings<never, never>;
  readonly lane: string;
  readonly leader: number;
  readonly batches: readonly ProducerBatch[];
  readonly sentAt: number;
  readonly transaction:
    | {
        readonly transactionalId: string;
        /** Writing takes the partition into the transaction (version 2 of transactions). */
        readonly isImplicit: boolean;
      }
    | undefined;
  readonly outcome: Outcome;
}

/** Topics by name only: what to say to a broker (or about a topic) without topic ids. */
const lastVersionWithNames = 12;
/** Writing takes a partition into the transaction from this version on (KIP-890). */
const firstImplicitVersion = 12;
/** Bytes of a request and of each partition in it, besides the records: more than it takes. */
const requestOverhead = 400;
const partitionOverhead = 300;
/** Larger batches are not copied into the request. */
const copiedMax = 4096;
/** zstd needs it; an older broker would store what old consumers cannot read (KIP-110). */
const firstVersionWithZstd = 7;

/** Sends one Produce request and hands each of its batches to the outcome. Never rejects. */
export async function deliver(delivery: Delivery): Promise<void> {
  const { cluster, settings, lane, leader, batches, outcome } = delivery;
  try {
    const { request, versionMax, requestBytes } = requestOf(delivery);
    const versionMin = versionMinOf(delivery);
    const timeoutMs = settings.requestTimeoutMs;
    const options = { lane, versionMax, versionMin, timeoutMs, requestBytes };
    if (settings.acks === 0) {
      const connection = await cluster.connection(leader, lane);
      await connection.sendWithoutAnswer('Produce', request, options);
      for (const batch of batches) outcome.complete(batch, -1, -1);
      return;
    }
    const response = await cluster.send('Produce', request, { broker: leader }, options);
    handle(delivery, response);
  } catch (error) {
    failed(delivery, error);
  }
}

function versionMinOf({ settings, transaction }: Delivery): number | undefined {
  if (transaction?.isImplicit === true) return firstImplicitVersion;
  return settings.compression === 'zstd' ? firstVersionWithZstd : undefined;
}

function requestOf(delivery: Delivery): {
  request: RequestInput<'Produce'>;
  versionMax: number | undefined;
  requestBytes: number;
} {
  const { cluster, settings, batches, transaction } = delivery;
  const topicData: {
    name: string;
    topicId: string;
    partitionData: { index: number; records: Buffer }[];
  }[] = [];
  let versionMax: number | undefined;
  let requestBytes = requestOverhead;
  for (const { queue, bytes } of batches) {
    let topic = topicData.find(({ name }) => name === queue.topic);
    if (topic === undefined) {
      const topicId = cluster.topic(queue.topic)?.id ?? zeroUuid;
      if (topicId === zeroUuid) versionMax = lastVersionWithNames;
      topic = { name: queue.topic, topicId, partitionData: [] };
      topicData.push(topic);
    }
    requestBytes += partitionOverhead + Math.min((bytes as Buffer).length, copiedMax);
    topic.partitionData.push({ index: queue.partition, records: bytes as Buffer });
  }
  if (transaction?.isImplicit === false) versionMax = firstImplicitVersion - 1;
  const { acks, requestTimeoutMs: timeoutMs } = settings;
  const transactionalId = transaction?.transactionalId ?? null;
  return { request: { transactionalId, acks, timeoutMs, topicData }, versionMax, requestBytes };
}

/** The whole request came to nothing: its batches are tried again where that can help. */
function failed(delivery: Delivery, cause: unknown): void {
  const { cluster, settings, batches, outcome } = delivery;
  const error = isKafkaError(cause)
    ? cause
    : new KafkaError('UNKNOWN_SERVER_ERROR', 'A Produce request failed.', { cause });
  if (error.retriable) cluster.refreshSoon(`Produce failed: ${error.message}`);
  for (const batch of batches) {
    if (error.retriable && settings.acks !== 0) outcome.retry(batch, error);
    else outcome.fail(batch, () => error);
  }
}

function handle(delivery: Delivery, response: ProduceResponse): void {
  const { cluster, batches, outcome } = delivery;
  for (const batch of batches) {
    const answer = answerFor(batch, response, cluster);
    if (answer === undefined) {
      const { topic, partition } = batch.queue;
      const message = 'The broker answered a Produce request without this partition.';
      const error = new KafkaError('UNKNOWN_SERVER_ERROR', message, { topic, partition });
      outcome.fail(batch, () => error);
    } else {
      settle(delivery, batch, answer, response);
    }
  }
}

function answerFor(
  batch: ProducerBatch,
  response: ProduceResponse,
  cluster: Cluster,
): PartitionAnswer | undefined {
  const { topic, partition } = batch.queue;
  for (const one of response.responses) {
    const isTopic =
      one.topicId === zeroUuid ? one.name === topic : isTopicId(one.topicId, topic, cluster);
    if (!isTopic) continue;
    const found = one.partitionResponses.find(({ index }) => index === partition);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The id may have changed since the request was made: then nothing else fits, but it must do. */
function isTopicId(id: string, topic: string, cluster: Cluster): boolean {
  return cluster.topic(topic)?.id === id || cluster.topicName(id) === undefined;
}

function settle(
  delivery: Delivery,
  batch: ProducerBatch,
  answer: PartitionAnswer,
  response: ProduceResponse,
): void {
  const { cluster, outcome } = delivery;
  const code = errorCodeOf(answer.errorCode);
  switch (code) {
    case 'NONE':
      return outcome.complete(batch, answer.baseOffset, answer.logAppendTimeMs);
    case 'DUPLICATE_SEQUENCE_NUMBER':
      // The broker has it from an earlier try, and no longer knows where.
      return outcome.complete(batch, answer.baseOffset, -1);
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return outcome.split(batch, errorOf(delivery, batch, answer));
    case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
    case 'UNKNOWN_PRODUCER_ID':
    case 'INVALID_PRODUCER_EPOCH':
      return outOfOrder(delivery, batch, answer);
    default: {
      const error = errorOf(delivery, batch, answer);
      const facts = errorFacts(code);
      if (!facts.retriable) return outcome.fail(batch, recordErrors(error, answer));
      const isKnown = facts.refreshMetadata && leaderNamed(delivery, batch, answer, response);
      if (facts.refreshMetadata && !isKnown) cluster.refreshSoon(error.message);
      return outcome.retry(batch, error, isKnown);
    }
  }
}

/**
 * The broker expected another sequence. Where an older batch of the partition is still to be
 * settled, that one is the gap and this one goes again after it. Otherwise records that were given
 * up are missing for good, this batch is certainly not written, and it goes again in a new epoch
 * (KIP-360). Within a transaction the epoch is not ours to raise: it has to be aborted.
 */
function outOfOrder(delivery: Delivery, batch: ProducerBatch, answer: PartitionAnswer): void {
  const { settings, outcome } = delivery;
  const { queue } = batch;
  const error = errorOf(delivery, batch, answer);
  if (!settings.idempotent) return outcome.fail(batch, () => error);
  const isOlder = (other: ProducerBatch) => other.order < batch.order;
  const isGap = !queue.inFlight.some(isOlder) && !queue.waiting.some(isOlder);
  if (delivery.transaction !== undefined && (isGap || error.code === 'INVALID_PRODUCER_EPOCH')) {
    return outcome.fail(batch, () => error);
  }
  if (isGap) queue.needsNewEpoch = true;
  outcome.retry(batch, error, true);
}

/** Takes the new leader from the answer (KIP-951); false where the answer names none. */
function leaderNamed(
  delivery: Delivery,
  batch: ProducerBatch,
  answer: PartitionAnswer,
  response: ProduceResponse,
): boolean {
  const { leaderId, leaderEpoch } = answer.currentLeader;
  if (leaderId < 0 || leaderEpoch < 0) return false;
  const endpoints = response.nodeEndpoints.map(({ nodeId: id, host, port, rack }) => {
    return { id, host, port, rack };
  });
  const { topic, partition } = batch.queue;
  return delivery.cluster.leaderHint(topic, partition, leaderId, leaderEpoch, endpoints);
}

function errorOf(delivery: Delivery, batch: ProducerBatch, answer: PartitionAnswer): KafkaError {
  const { topic, partition } = batch.queue;
  return KafkaError.fromErrno(answer.errorCode, answer.errorMessage, {
    topic,
    partition,
    broker: delivery.cluster.brokerLabel(delivery.leader),
    hint: hintFor(answer, batch),
  });
}

function hintFor(answer: PartitionAnswer, batch: ProducerBatch): string | undefined {
  switch (errorCodeOf(answer.errorCode)) {
    case 'MESSAGE_TOO_LARGE':
      return `The batch takes ${batch.sizeInBytes} bytes: raise max.message.bytes of the topic.`;
    case 'NOT_ENOUGH_REPLICAS':
      return 'min.insync.replicas of the topic is higher than the replicas in sync.';
    default:
      return undefined;
  }
}

/** Which records are to blame (KIP-467); the others were refused along with them. */
function recordErrors(error: KafkaError, answer: PartitionAnswer): (index: number) => KafkaError {
  if (answer.recordErrors.length === 0) return () => error;
  const guilty = new Map<number, KafkaError>();
  for (const { batchIndex, batchIndexErrorMessage } of answer.recordErrors) {
    const message = batchIndexErrorMessage ?? error.message;
    guilty.set(batchIndex, new KafkaError(error.code, message, { ...error.context }));
  }
  const innocent = new KafkaError(
    error.code,
    'The record was refused with its whole batch, because another record in it is not valid.',
    { ...error.context, cause: error },
  );
  return (index) => guilty.get(index) ?? innocent;
}
