import { KafkaError } from '../errors/index.js';

/** What happens when something fails. Names follow Kafka Connect's `errors.*`. */
export interface ErrorPolicyOptions {
  /**
   * How often a write that failed for a passing reason is repeated before the task is started
   * anew. Default 5.
   */
  readonly retries?: number | undefined;
  /** First wait between attempts, in ms; doubles each time, with jitter. Default 200. */
  readonly backoffMs?: number | undefined;
  /** Longest wait between attempts. Default 10 000 ms. */
  readonly backoffMaxMs?: number | undefined;
  /** One write may take so long; then it is repeated. Default 60 000 ms. */
  readonly writeTimeoutMs?: number | undefined;
  /**
   * `none`: a record that cannot be processed stops the pipeline, nothing is lost. `data`: such
   * records are set aside, and the pipeline goes on; failures of the sink itself are repeated for
   * ever. `all`: a write that has failed `retries` times is set aside, too, as a whole; it needs a
   * deadLetterTopic. Default `data` with a dead-letter topic, else `none`. Names are mongo-kafka's.
   */
  readonly tolerance?: 'none' | 'data' | 'all' | undefined;
  /**
   * Records that cannot be processed go here, as they were, with the reason in headers; those of a
   * source with the place where they stood.
   */
  readonly deadLetterTopic?: string | undefined;
  /**
   * Pauses before further attempts, such as `['1s', '30s', '5m']`, for records that fail for a
   * passing reason while others do not: the sink or a transform answers with an error that is
   * retriable. They wait in topics of their own, `GROUP.retry.1s`, and hold up nobody; later
   * records of the same key overtake them. Behind the last pause they are dead letters, so
   * deadLetterTopic is needed. Default: none; the batch is repeated until they go through.
   */
  readonly retryTopics?: readonly (string | number)[] | undefined;
  /** Partitions of the dead-letter topic when the pipeline has to create it. Default 1. */
  readonly deadLetterPartitions?: number | undefined;
  /**
   * How often a failed task is started anew: `always` (default), or `never`. Errors that no
   * repetition mends (a wrong password, a record that stops the pipeline) are not repeated.
   */
  readonly restart?: 'always' | 'never' | undefined;
  /** First wait before a task is started anew, in ms. Default 1000. */
  readonly restartBackoffMs?: number | undefined;
  /** Longest such wait. Default 60 000 ms. */
  readonly restartBackoffMaxMs?: number | undefined;
}

export interface ErrorPolicy {
  readonly retries: number;
  readonly backOff: { readonly baseMs: number; readonly maxMs: number };
  readonly writeTimeoutMs: number;
  readonly tolerance: 'none' | 'data' | 'all';
  readonly deadLetterTopic: string | undefined;
  readonly deadLetterPartitions: number;
  readonly retryTopics: readonly (string | number)[];
  readonly restart: 'always' | 'never';
  readonly restartBackOff: { readonly baseMs: number; readonly maxMs: number };
}

/** The policy with its defaults. Fails with INVALID_ARGUMENT. */
export function errorPolicy(options: ErrorPolicyOptions = {}): ErrorPolicy {
  const { deadLetterTopic } = options;
  const tolerance = options.tolerance ?? (deadLetterTopic === undefined ? 'none' : 'data');
  if (tolerance === 'none' && deadLetterTopic !== undefined) {
    throw new KafkaError(
      'INVALID_ARGUMENT',
      "errors.tolerance 'none' stops at the first bad record: deadLetterTopic has no effect.",
    );
  }
  if (!['none', 'data', 'all'].includes(tolerance)) {
    const message = `errors.tolerance is '${tolerance}'; none, data or all is wanted.`;
    throw new KafkaError('INVALID_ARGUMENT', message);
  }
  if (tolerance === 'all' && deadLetterTopic === undefined) {
    throw new KafkaError(
      'INVALID_ARGUMENT',
      "errors.tolerance 'all' would lose what the sink does not take: set deadLetterTopic.",
    );
  }
  const { retryTopics = [] } = options;
  if (retryTopics.length > 0 && deadLetterTopic === undefined) {
    throw new KafkaError(
      'INVALID_ARGUMENT',
      'errors.retryTopics end somewhere: set deadLetterTopic, for what fails to the last.',
    );
  }
  const retries = whole('errors.retries', options.retries ?? 5, 0);
  return {
    retries,
    backOff: {
      baseMs: whole('errors.backoffMs', options.backoffMs ?? 200, 1),
      maxMs: whole('errors.backoffMaxMs', options.backoffMaxMs ?? 10_000, 1),
    },
    writeTimeoutMs: whole('errors.writeTimeoutMs', options.writeTimeoutMs ?? 60_000, 1),
    tolerance,
    deadLetterTopic,
    deadLetterPartitions: whole(
      'errors.deadLetterPartitions',
      options.deadLetterPartitions ?? 1,
      1,
    ),
    retryTopics,
    restart: options.restart ?? 'always',
    restartBackOff: {
      baseMs: whole('errors.restartBackoffMs', options.restartBackoffMs ?? 1000, 1),
      maxMs: whole('errors.restartBackoffMaxMs', options.restartBackoffMaxMs ?? 60_000, 1),
    },
  };
}

/** A whole number of at least `minimum`, or INVALID_ARGUMENT with the option's name. */
export function whole(name: string, value: number, minimum: number): number {
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  const message = `${name} is ${value}; a whole number from ${minimum} on is wanted.`;
  throw new KafkaError('INVALID_ARGUMENT', message);
}
