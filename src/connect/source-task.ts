import type { Kafka, Producer, ProducerRecord } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import { untilAborted } from './back-off.js';
import { type SourceLetter, sourceLetterRecord } from './dead-letters.js';
import type { ErrorPolicy } from './error-policy.js';
import { asPipeRecord } from './source-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { KafkaTo } from './pipeline-options.js';
import { SourceOffsets } from './source-offsets.js';
import type { Source, SourceBatch, SourcePosition, SourceReader, SourceRecord } from './source.js';
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

/** What comes of a batch. */
interface Work {
  readonly records: ProducerRecord[];
  readonly letters: ProducerRecord[];
  readonly position: SourcePosition;
  /** Why the pipeline ends behind it. */
  readonly stopped: KafkaError | undefined;
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
        const work = await this.#made(batch);
        const position = offsets.record(work.position);
        if (isExact) await this.#commit(producer, work, position);
        else await this.#send(producer, work, position);
        this.#parts.metrics.written += work.records.length;
        this.#parts.metrics.deadLettered += work.letters.length;
        this.hasWritten = true;
        await step('committed');
        if (work.stopped !== undefined) throw work.stopped;
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

  async #commit(producer: Producer, { records, letters }: Work, position: ProducerRecord) {
    const { step } = this.#parts;
    const transaction = await producer.beginTransaction();
    try {
      await step('before-write');
      const sent = transaction.send([...records, ...letters, position]);
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

  async #send(producer: Producer, { records, letters }: Work, position: ProducerRecord) {
    const { step } = this.#parts;
    await step('before-write');
    await producer.send([...records, ...letters]);
    await step('written');
    await producer.send(position);
  }

  /** What is to be written of a batch: all of it, or what comes before the record that stops us. */
  async #made(batch: SourceBatch): Promise<Work> {
    const { policy, metrics } = this.#parts;
    const unreadable = batch.unreadable ?? [];
    const [first] = unreadable;
    const stops = policy.tolerance === 'none' ? first : undefined;
    const read = stops === undefined ? batch.records : batch.records.slice(0, stops.before);
    const work: Work = {
      records: [],
      letters: [],
      position: stops?.position ?? batch.position,
      stopped: stops === undefined ? undefined : stoppedAt(stops.error),
    };
    for (const [offset, record] of read.entries()) await this.#transform(record, offset, work);
    for (const { raw, error, place } of unreadable) {
      metrics.failed(error);
      const letter = { key: null, value: raw, headers: [], error, place };
      if (stops === undefined) {
        this.#setAside(
          { ...letter, stage: 'VALUE_CONVERTER', where: this.#parts.source.name },
          work,
        );
      }
    }
    metrics.read += read.length + (stops === undefined ? unreadable.length : 0);
    return work;
  }

  async #transform(
    record: SourceRecord,
    offset: number,
    { records, letters }: Work,
  ): Promise<void> {
    const { chain, metrics, to, policy } = this.#parts;
    const { records: made, failed } = await chain.apply(asPipeRecord(record, to.topic, offset));
    if (failed !== undefined) {
      const { error, stage } = failed;
      metrics.failed(error);
      if (policy.tolerance === 'none') throw rejected(error, record.place);
      const { key, value, headers } = asPipeRecord(record, to.topic, offset);
      const { place } = record;
      this.#setAside({ key, value, headers, stage, where: error.code, error, place }, { letters });
    } else if (made.length === 0) metrics.filtered++;
    for (const each of made) records.push(topicRecord(each, each.topic));
  }

  #setAside(letter: SourceLetter, { letters }: Pick<Work, 'letters'>): void {
    const { policy, pipeline, metrics, logger } = this.#parts;
    const { deadLetterTopic: aside } = policy;
    if (aside !== undefined) {
      letters.push(sourceLetterRecord(aside, letter, { pipeline, task: 0 }));
      return;
    }
    metrics.skipped++;
    logger.error('a record was left out', { place: letter.place, error: letter.error });
  }
}

function anotherRuns(pipeline: string, cause: KafkaError): KafkaError {
  const message = `Another process runs the pipeline ${pipeline}, and has taken over.`;
  return new KafkaError('SOURCE_FAILED', message, { cause, retriable: false });
}

function rejected(cause: KafkaError, place: string | undefined): KafkaError {
  const what = place === undefined ? 'A record' : `The record at ${place}`;
  return new KafkaError('RECORD_REJECTED', `${what} cannot be processed: ${cause.message}`, {
    cause,
    hint: 'Nothing of its batch is written. Mend it, or set errors.deadLetterTopic.',
  });
}

function stoppedAt(cause: KafkaError): KafkaError {
  return new KafkaError('RECORD_REJECTED', cause.message, {
    cause,
    hint: 'Everything before it is written. Mend it, or set errors.deadLetterTopic.',
  });
}
