import type {
  Consumer,
  ConsumerBatch,
  Kafka,
  Producer,
  ProducerRecord,
  TopicPartition,
  Transaction,
} from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import { backOffMs, untilAborted, wait } from './back-off.js';
import type { DeadLetter } from './dead-letters.js';
import type { ErrorPolicy } from './error-policy.js';
import { asKafkaError, isRefusedCommit, stoppedBy } from './failures.js';
import { type PipeRecord, placeOf } from './pipe-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { KafkaFrom, KafkaTo } from './pipeline-options.js';
import { RetryPauses } from './retry-pauses.js';
import { type RetryTopic, withRetryTopics } from './retry-topics.js';
import { type AsideRoute, asideSteps } from './set-aside.js';
import type { StepReporter } from './steps.js';
import { findRefused, isRefusal, madeOf, targetOf } from './topic-records.js';
import { transformBatch } from './transform-batch.js';
import type { TransformChain } from './transform.js';

export interface TopicTaskParts {
  readonly pipeline: string;
  readonly task: number;
  readonly kafka: Kafka;
  readonly from: KafkaFrom;
  readonly groupId: string;
  readonly to: KafkaTo;
  /** Its own among everything that runs: whoever begins under the same name shuts it out. */
  readonly transactionalId: string;
  readonly chain: TransformChain;
  readonly retries: readonly RetryTopic[];
  readonly route: AsideRoute;
  readonly policy: ErrorPolicy;
  readonly drainTimeoutMs: number;
  readonly metrics: PipelineMetrics;
  readonly logger: Logger;
  readonly system: System;
  readonly step: StepReporter;
  /** Offsets were committed. */
  readonly committed: () => void;
}

/** What comes of one batch, or of its beginning where a record stops the pipeline. */
interface Work {
  readonly batch: ConsumerBatch;
  readonly records: readonly PipeRecord[];
  readonly letters: readonly DeadLetter[];
  /** The offset behind what is dealt with. */
  readonly end: number;
}

/** A process that was killed keeps its partitions for so long; Kafka's default is 45 s. */
const sessionTimeoutMs = 10_000;
/** What it left open is aborted after so long, and only then others can go on behind it. */
const transactionTimeoutMs = 10_000;
const batchBytes = 262_144;

/**
 * One consumer and one producer in the same cluster: what comes of a batch, its dead letters and
 * the offsets behind it are committed in one transaction (KIP-98), which the group's coordinator
 * refuses when the partition has gone to another member (KIP-447). So each record counts exactly
 * once, whatever is killed when.
 *
 * A transaction that fails ends the task: starting it anew aborts what was left open, asks the
 * group where to go on, and with it learns how a commit without an answer ended.
 */
export class TopicTask {
  readonly #parts: TopicTaskParts;
  readonly #abandon = new AbortController();
  readonly #targetOf: (record: PipeRecord) => string;
  /** A token for each partition we have had without a break; batches at hand are compared to it. */
  readonly #ours = new Map<string, object>();
  #consumer: Consumer | undefined;
  #pauses: RetryPauses | undefined;
  #isBusy = false;
  started = false;
  hasWritten = false;

  constructor(parts: TopicTaskParts) {
    this.#parts = parts;
    this.#targetOf = targetOf(parts.to.topic);
  }

  async run(stop: AbortSignal): Promise<void> {
    const { kafka, to, transactionalId, system, drainTimeoutMs, step } = this.#parts;
    const producer = kafka.producer({
      transactionTimeoutMs,
      batchSize: batchBytes,
      ...to.producer,
      transactionalId,
    });
    const onStop = () => {
      const timer = system.clock.after(drainTimeoutMs, () => this.#abandon.abort());
      this.#abandon.signal.addEventListener('abort', () => timer.cancel());
      if (!this.#isBusy) void this.#consumer?.close();
    };
    stop.addEventListener('abort', onStop, { once: true });
    try {
      // Aborts what an earlier run under this name has left open.
      await (await producer.beginTransaction()).abort();
      this.started = true;
      if (stop.aborted) return;
      this.#consumer = this.#makeConsumer();
      this.#pauses = new RetryPauses(this.#consumer, this.#parts.retries, system);
      while (await this.#readOn(this.#consumer, producer, stop));
      await step('draining');
    } finally {
      stop.removeEventListener('abort', onStop);
      const isAbandoned = this.#abandon.signal.aborted;
      this.#abandon.abort();
      this.#pauses?.close();
      await step('closing');
      await this.#consumer?.close();
      await producer.close(isAbandoned ? { timeoutMs: 0 } : {});
    }
  }

  /** Commits where the loop is, which may be behind the marks of transactions. */
  async commitFinished(): Promise<void> {
    if (this.#consumer === undefined || this.#isBusy) return;
    // Whatever keeps it from committing is told by the next transaction.
    await this.#consumer.commit().catch(() => undefined);
  }

  #makeConsumer(): Consumer {
    const { kafka, from, groupId, logger, metrics, step } = this.#parts;
    const gone = (partitions: readonly TopicPartition[]) => {
      this.#pauses?.forget(partitions);
      for (const each of partitions) {
        this.#ours.delete(keyOf(each));
        metrics.givenUp(each);
      }
    };
    return kafka.consumer({
      sessionTimeoutMs,
      ...from.consumer,
      groupId,
      topics: withRetryTopics(from.topics, this.#parts.retries),
      offsetReset: from.offsetReset ?? 'earliest',
      isolationLevel: from.isolationLevel ?? 'read_committed',
      commit: 'manual',
      onAssigned: (partitions) => {
        for (const each of partitions) this.#ours.set(keyOf(each), {});
      },
      onRevoked: async (partitions) => {
        // The loop has nothing at hand here: whatever it had is committed.
        await step('rebalancing');
        gone(partitions);
      },
      onLost: gone,
      onError: (error) => {
        metrics.failed(error);
        logger.warn(error.message, { code: error.code });
      },
    });
  }

  /** One loop; true when it is to be begun again because a batch was not ours any more. */
  async #readOn(consumer: Consumer, producer: Producer, stop: AbortSignal): Promise<boolean> {
    const { logger, policy, system } = this.#parts;
    for await (const batch of consumer.batches()) {
      this.#isBusy = true;
      try {
        await untilAborted(this.#handle(batch, producer), this.#abandon.signal);
      } catch (error) {
        if (!isKafkaError(error) || !isOthers(error)) throw error;
        logger.info('a batch was left to the new owner of its partition', { error });
        // The membership learns of it by its next heartbeat.
        await wait(backOffMs(1, policy.backOff, system), system, stop).catch(() => undefined);
        return !stop.aborted;
      } finally {
        this.#isBusy = false;
      }
      if (stop.aborted) return false;
    }
    return false;
  }

  async #handle(batch: ConsumerBatch, producer: Producer): Promise<void> {
    const { policy, route, step, metrics } = this.#parts;
    await step('fetched');
    const token = this.#ours.get(keyOf(batch));
    const pauses = this.#pauses as RetryPauses;
    const due = pauses.due(batch);
    const read = route.readFirst(batch.topic, due.records);
    const { ready, failed } = await transformBatch(read, this.#parts);
    const letters = failed.map((each) => ({ ...each, where: each.error.code }));
    const [first] = letters;
    const stopsAt = policy.tolerance === 'none' ? first?.record.source.offset : undefined;
    const work = {
      batch,
      records: ready,
      letters: stopsAt === undefined ? letters : [],
      end: stopsAt ?? due.nextOffset,
    };
    for (const { error } of letters) metrics.failed(error);
    if (work.end > batch.firstOffset) await this.#settle(work, producer, token);
    pauses.rest(batch, due);
    if (first !== undefined && stopsAt !== undefined) throw stoppedBy(first);
  }

  /** Commits the work; records that the topic will never take are set aside on the way. */
  async #settle(work: Work, producer: Producer, token: object | undefined): Promise<void> {
    let open = work;
    for (;;) {
      const refused = await this.#commit(open, producer, token);
      if (refused === undefined) break;
      if (this.#parts.policy.tolerance === 'none') {
        const { offset } = refused.record.source;
        const before = open.records.filter(({ source }) => source.offset < offset);
        // Everything before it counts, and nothing else.
        const rest = { ...open, records: before, end: offset };
        const isSome = offset > work.batch.firstOffset;
        const again = isSome ? await this.#commit(rest, producer, token) : undefined;
        if (isSome && again === undefined) await this.#settled(rest);
        throw stoppedBy(refused);
      }
      const { source } = refused.record;
      const others = open.records.filter((each) => each.source !== source);
      open = { ...open, records: others, letters: [...open.letters, refused] };
    }
    await this.#settled(open);
  }

  async #settled({ batch, records, letters, end }: Work): Promise<void> {
    const { metrics, policy, route, committed, logger, step } = this.#parts;
    this.hasWritten = true;
    metrics.read += batch.records.filter(({ offset }) => offset < end).length;
    metrics.written += records.length;
    const { waiting, dead } = route.sort(batch.topic, letters);
    metrics.retried += waiting.length;
    if (policy.deadLetterTopic === undefined) {
      metrics.skipped += letters.length;
      for (const { record, error } of letters) {
        logger.error('a record was left out', { record: placeOf(record.source), error });
      }
    } else metrics.deadLettered += dead.length;
    metrics.processed(batch, end, batch.endOffset);
    metrics.committed(batch, end);
    committed();
    await step('committed');
  }

  /** One transaction; answers with a record that keeps it from being committed, if there is one. */
  async #commit(
    work: Work,
    producer: Producer,
    token: object | undefined,
  ): Promise<DeadLetter | undefined> {
    const { step } = this.#parts;
    const made = madeOf(work.records, this.#targetOf);
    if ('refused' in made) return made.refused;
    const transaction = await producer.beginTransaction();
    try {
      await step('before-write');
      const refusal = await this.#write(work, made.records, transaction);
      if (refusal !== undefined) {
        await transaction.abort();
        return await findRefused(producer, work.records, made.records);
      }
      await this.#sendOffset(work, transaction, token);
      await step('written');
      await Promise.all([transaction.commit(), step('committing')]);
    } catch (error) {
      const cause = transaction.failure ?? error;
      // Where this fails, too, beginning anew aborts it.
      if (transaction.isOpen) await transaction.abort().catch(() => undefined);
      throw asKafkaError(cause, 'UNKNOWN_SERVER_ERROR', 'The transaction failed');
    }
    return undefined;
  }

  /** Answers with why one of the records will never be taken. */
  async #write(
    { batch, letters }: Work,
    records: readonly ProducerRecord[],
    transaction: Transaction,
  ): Promise<KafkaError | undefined> {
    const { step, policy, route, pipeline, task } = this.#parts;
    const sent = transaction.send(records).then(
      () => undefined,
      (thrown: unknown) => asKafkaError(thrown, 'RECORD_REJECTED', 'The record was not taken'),
    );
    await step('mid-write');
    const failure = await sent;
    if (failure !== undefined) {
      if (isRefusal(failure)) return failure;
      throw failure;
    }
    if (policy.deadLetterTopic === undefined || letters.length === 0) return undefined;
    const sorted = route.sort(batch.topic, letters);
    const [before, after] = asideSteps(sorted);
    await step(before);
    await transaction.send(route.records(batch.topic, sorted, { pipeline, task }));
    await step(after);
    return undefined;
  }

  async #sendOffset(
    { batch, end }: Work,
    transaction: Transaction,
    token: object | undefined,
  ): Promise<void> {
    const consumer = this.#consumer as Consumer;
    const { topic, partition } = batch;
    if (token === undefined || this.#ours.get(keyOf(batch)) !== token) {
      const message = 'The partition was given to another member meanwhile.';
      throw new KafkaError('ILLEGAL_GENERATION', message, { topic, partition });
    }
    // Fails when the batch is not ours to commit, also where the offset is another one.
    const behind = consumer.offsetsToCommit(batch);
    const offsets = behind.offsets.map((each) =>
      end < each.offset ? { ...each, offset: end } : each,
    );
    await transaction.sendOffsets({ ...behind, offsets });
  }
}

/** The coordinator takes offsets of this partition from somebody else by now. */
function isOthers(error: KafkaError): boolean {
  return isRefusedCommit(error) || error.code === 'STALE_MEMBER_EPOCH';
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}
