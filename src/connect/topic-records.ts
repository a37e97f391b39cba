import type { Producer, ProducerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { DeadLetter } from './dead-letters.js';
import { asKafkaError } from './failures.js';
import { toBytes } from './output-bytes.js';
import type { PipeRecord } from './pipe-record.js';

/** The record for its topic: bytes and text as they are, everything else as JSON. */
export function topicRecord(record: PipeRecord, topic: string): ProducerRecord {
  return {
    topic,
    key: toBytes(record.key),
    value: toBytes(record.value),
    headers: record.headers,
    ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp }),
  };
}

/** Where records read from topics go: what a transform says, else what the options say. */
export function targetOf(topic: string): (record: PipeRecord) => string {
  const isPattern = topic.includes('${topic}');
  return (record) => {
    if (record.topic !== record.source.topic) return record.topic;
    return isPattern ? topic.replaceAll('${topic}', record.topic) : topic;
  };
}

/** The records as they are sent, or the first of which no bytes can be made. */
export function madeOf(
  sources: readonly PipeRecord[],
  topicOf: (record: PipeRecord) => string,
): { readonly records: ProducerRecord[] } | { readonly refused: DeadLetter } {
  const records: ProducerRecord[] = [];
  for (const record of sources) {
    try {
      records.push(topicRecord(record, topicOf(record)));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const error = new KafkaError('RECORD_REJECTED', `It has no form in bytes: ${reason}`, {
        cause,
      });
      return { refused: refusedLetter(record, error) };
    }
  }
  return { records };
}

const refusals = new Set<string>(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);

/** Whether a record is at fault, so that no repetition helps. */
export function isRefusal(error: KafkaError): boolean {
  return refusals.has(error.code);
}

/**
 * One of the records that a topic refuses, looked for by halving in transactions that are
 * aborted: the first that fails makes a transaction useless, so it cannot tell by itself.
 */
export async function findRefused(
  producer: Producer,
  sources: readonly PipeRecord[],
  records: readonly ProducerRecord[],
): Promise<DeadLetter> {
  let from = 0;
  let to = records.length;
  let error = await refusalOf(producer, records);
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    const found = await refusalOf(producer, records.slice(from, middle));
    if (found === undefined) from = middle;
    else {
      to = middle;
      error = found;
    }
  }
  const record = sources[from];
  // It was refused before and is not now: whoever begins anew will see.
  if (error === undefined || record === undefined) {
    throw new KafkaError('UNKNOWN_SERVER_ERROR', 'A refused record could not be found again.');
  }
  return refusedLetter(record, error);
}

async function refusalOf(
  producer: Producer,
  records: readonly ProducerRecord[],
): Promise<KafkaError | undefined> {
  const probe = await producer.beginTransaction();
  try {
    await probe.send(records);
    return undefined;
  } catch (thrown) {
    const error = asKafkaError(thrown, 'UNKNOWN_SERVER_ERROR', 'The records were not taken');
    if (isRefusal(error)) return error;
    throw error;
  } finally {
    await probe.abort();
  }
}

function refusedLetter(record: PipeRecord, cause: KafkaError): DeadLetter {
  const { topic, partition, offset } = record.source;
  const about = { topic, partition, offset, cause };
  const message = `The topic does not take the record: ${cause.message}`;
  const isSaid = cause.code === 'RECORD_REJECTED';
  const error = isSaid ? cause : new KafkaError('RECORD_REJECTED', message, about);
  return { record, error, stage: 'TASK_PUT', where: 'kafka' };
}
