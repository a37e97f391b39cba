import type { Kafka, Producer, ProducerRecord } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import { untilAborted } from './back-off.js';
import type { ErrorPolicy } from './error-policy.js';
import { asPipeRecord } from './source-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { KafkaTo } from './pipeline-options.js';
import { SourceOffsets } from './source-offsets.js';
import type { Source, SourceReader, SourceRecord } from './source.js';
import type { StepReporter } from './steps.js';
import { topicRecord } from './topic-records.js';
import type { TransformChain } from './transform.js';

export interface SourceTaskParts {
  readonly pipeline: string;
  readonly kafka: Kafka;
  readonly source: Source;
  readonly to: KafkaTo;
  readonly offsetsTopic: string;
  readonly chain: TransformChain;
  readonly policy: ErrorPolicy;
  readonly metrics: PipelineMetrics;
  readonly logger: Logger;
  readonly system: System;
  readonly step: StepReporter;
  /** The source has no more. */
  readonly ended: () => void;
}

/** Only a crash between the first record and the commit leaves a transaction open for so long. */
const transactionTimeoutMs = 10_000;

/**
 * One source and one producer. What was polled and the position behind it are written in one
 * transaction under the pipeline's name, so that a second process of that name ends the first one
 * (KIP-618). Without `exactlyOnce` the position follows the records: a crash in between writes
 * those records again.
 */
export class SourceTask {
  readonly #parts: SourceTaskParts;
  started = false;
  hasWritten = false;

  constructor(parts: SourceTaskParts) {
    this.#parts = parts;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { kafka, pipeline, source, to, offsetsTopic, logger, system, step } = this.#parts;
    const offsets = new SourceOffsets(kafka, offsetsTopic, pipeline, system.clock);
    const isExact = to.exactlyOnce ?? true;
    const producer = kafka.producer(
      isExact
        ? { transactionTimeoutMs, ...to.producer, transactionalId: `${pipeline}-source` }
        : to.producer,
    );
    let reader: SourceReader | undefined;
    try {
      // Ends what another process of this name does, before its position is looked up.
      if (isExact) await (await producer.beginTransaction()).abort();
      const position = await offsets.load();
      const context = { pipeline, position, logger, system, step, signal: stop };
      reader = await source.start(context);
      this.started = true;
      while (!stop.aborted) {
        const batch = await untilAborted(reader.poll(), stop).catch((error: unknown) => {
          if (stop.aborted) return undefined;
          throw error;
        });
        if (batch === undefined) break;
        await step('fetched');
        const records = await this.#made(batch.records);
        const position = offsets.record(batch.position);
        if (isExact) await this.#commit(producer, records, position);
        else await this.#send(producer, records, position);
        this.#parts.metrics.written += records.length;
        this.hasWritten = true;
        await step('committed');
      }
      if (!stop.aborted) this.#parts.ended();
    } finally {
      await reader?.close();
      await producer.close();
    }
    // A source that has ended rests until it is told to stop.
    if (!stop.aborted)
      await new Promise<void>((done) => stop.addEventListener('abort', () => done()));
  }

  async #commit(producer: Producer, records: ProducerRecord[], position: ProducerRecord) {
    const { step } = this.#parts;
    const transaction = await producer.beginTransaction();
    try {
      await step('before-write');
      const sent = transaction.send([...records, position]);
      sent.catch(() => undefined);
      await step('mid-write');
      await sent;
      await step('written');
      await Promise.all([transaction.commit(), step('committing')]);
    } catch (error) {
      const cause = transaction.failure ?? error;
      const refused: unknown = transaction.isOpen
        ? await transaction.abort().catch((why: unknown) => why)
        : undefined;
      // Records of an old epoch are refused in other words; the coordinator knows the reason.
      for (const each of [cause, refused]) {
        if (isKafkaError(each, 'PRODUCER_FENCED')) throw anotherRuns(this.#parts.pipeline, each);
      }
      throw cause;
    }
  }

  async #send(producer: Producer, records: ProducerRecord[], position: ProducerRecord) {
    const { step } = this.#parts;
    await step('before-write');
    await producer.send(records);
    await step('written');
    await producer.send(position);
  }

  async #made(records: readonly SourceRecord[]): Promise<ProducerRecord[]> {
    const { chain, metrics, to, policy, logger } = this.#parts;
    const ready: ProducerRecord[] = [];
    for (const [offset, record] of records.entries()) {
      const result = await chain.apply(asPipeRecord(record, to.topic, offset));
      if (result.failed !== undefined) {
        const { error } = result.failed;
        metrics.failed(error);
        if (policy.tolerance === 'none') throw rejected(error);
        metrics.skipped++;
        logger.error('a record was left out', { error });
      } else if (result.records.length === 0) metrics.filtered++;
      for (const each of result.records) ready.push(topicRecord(each, each.topic));
    }
    metrics.read += records.length;
    return ready;
  }
}

function anotherRuns(pipeline: string, cause: KafkaError): KafkaError {
  const message = `Another process runs the pipeline ${pipeline}, and has taken over.`;
  return new KafkaError('SOURCE_FAILED', message, { cause, retriable: false });
}

function rejected(cause: KafkaError): KafkaError {
  return new KafkaError('RECORD_REJECTED', `A record cannot be processed: ${cause.message}`, {
    cause,
  });
}
