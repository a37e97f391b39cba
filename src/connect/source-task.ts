import type { Kafka, Producer, ProducerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import { untilAborted } from './back-off.js';
import type { ErrorPolicy } from './error-policy.js';
import { toBytes } from './output-bytes.js';
import type { PipeRecord } from './pipe-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { KafkaTo } from './pipeline-options.js';
import { SourceOffsets } from './source-offsets.js';
import type { Source, SourceReader, SourceRecord } from './source.js';
import type { StepReporter } from './steps.js';
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

/**
 * One source and one producer. What was polled is written, and only then the position behind it is
 * noted in the offsets topic: a crash in between writes those records again.
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
    const offsets = new SourceOffsets(kafka, offsetsTopic, pipeline);
    const producer = kafka.producer(to.producer);
    let reader: SourceReader | undefined;
    try {
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
        await this.#write(producer, batch.records);
        await step('written');
        await offsets.store(batch.position);
        await step('committed');
      }
      if (!stop.aborted) this.#parts.ended();
    } finally {
      await reader?.close();
      await producer.close();
      await offsets.close();
    }
    // A source that has ended rests until it is told to stop.
    if (!stop.aborted)
      await new Promise<void>((done) => stop.addEventListener('abort', () => done()));
  }

  async #write(producer: Producer, records: readonly SourceRecord[]): Promise<void> {
    const { chain, metrics, to, step, policy, logger } = this.#parts;
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
      for (const each of result.records) ready.push(asProducerRecord(each));
    }
    metrics.read += records.length;
    if (ready.length === 0) return;
    await step('before-write');
    await producer.send(ready);
    this.hasWritten = true;
    metrics.written += ready.length;
  }
}

function asPipeRecord(record: SourceRecord, topic: string, offset: number): PipeRecord {
  const goal = record.topic ?? topic;
  return {
    topic: goal,
    key: record.key,
    value: record.value,
    headers: headerList(record),
    timestamp: record.timestamp ?? -1,
    source: { topic: goal, partition: -1, offset },
    part: 0,
  };
}

function headerList({ headers }: SourceRecord): PipeRecord['headers'] {
  if (headers === undefined) return [];
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return (pairs as [string, unknown][]).map(([name, value]) => [name, toBytes(value)]);
}

function asProducerRecord(record: PipeRecord): ProducerRecord {
  return {
    topic: record.topic,
    key: toBytes(record.key),
    value: toBytes(record.value),
    headers: record.headers,
    ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp }),
  };
}

function rejected(cause: KafkaError): KafkaError {
  return new KafkaError('RECORD_REJECTED', `A record cannot be processed: ${cause.message}`, {
    cause,
  });
}
