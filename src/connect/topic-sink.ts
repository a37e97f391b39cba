import type { Kafka, Producer, ProducerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import { asKafkaError, isFatal } from './failures.js';
import type { PipeRecord } from './pipe-record.js';
import type { KafkaTo } from './pipeline-options.js';
import type { RejectedRecord, Sink } from './sink.js';
import { isRefusal, madeOf, targetOf } from './topic-records.js';

/**
 * A topic as a sink without transactions: for another cluster than the one that is read, and where
 * at least once is enough. A crash between writing and committing writes records again.
 */
export function topicSink(kafka: Kafka, to: KafkaTo): Sink {
  const topicOf = targetOf(to.topic);
  return {
    name: 'kafka',
    guarantee: 'atLeastOnce',
    batchSize: 10_000,
    start: async () => {
      const producer = kafka.producer({ batchSize: 262_144, ...to.producer });
      return {
        put: (records) => put(producer, records, topicOf),
        close: () => producer.close(),
      };
    },
  };
}

async function put(
  producer: Producer,
  records: readonly PipeRecord[],
  topicOf: (record: PipeRecord) => string,
): Promise<readonly RejectedRecord[]> {
  const rejected: RejectedRecord[] = [];
  let open = records;
  let ready: readonly ProducerRecord[] = [];
  for (;;) {
    const made = madeOf(open, topicOf);
    if (!('refused' in made)) {
      ready = made.records;
      break;
    }
    const { record, error } = made.refused;
    rejected.push({ record, error });
    open = open.filter((each) => each !== record);
  }
  const sources = open;
  const failures = await Promise.all(
    ready.map((record, at) =>
      producer.send(record).then(
        () => undefined,
        (thrown: unknown) => failureOf(thrown, sources[at] as PipeRecord),
      ),
    ),
  );
  for (const failure of failures) if (failure !== undefined) rejected.push(failure);
  return rejected;
}

/** The record as one that is refused for good; fails when a repetition may help. */
function failureOf(thrown: unknown, record: PipeRecord): RejectedRecord {
  const cause = asKafkaError(thrown, 'SINK_FAILED', 'The record was not written');
  const { topic, partition, offset } = record.source;
  if (isRefusal(cause)) {
    const message = `The topic does not take the record: ${cause.message}`;
    const about = { topic, partition, offset, cause };
    return { record, error: new KafkaError('RECORD_REJECTED', message, about) };
  }
  if (isFatal(cause)) throw cause;
  throw new KafkaError('SINK_FAILED', cause.message, { ...cause.context, cause, retriable: true });
}
