import { KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Clock, Logger } from '../../system/index.js';
import { Alarm } from '../../network/index.js';
import { abortable } from './broker-pool.js';
import type { ClusterMetadata, TopicMetadata } from './cluster-metadata.js';
import type { MetadataOptions } from './cluster-options.js';
import { MetadataState } from './metadata-state.js';

/** What the refresher needs of the cluster. */
export interface RefresherHooks {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metadataMaxAgeMs: number;
  readonly apiTimeoutMs: number;
  /** One Metadata request to any broker; null asks for all topics. */
  request(
    topics: readonly string[] | null,
    autoCreate: boolean,
    signal: AbortSignal,
  ): Promise<ResponseDecoded<'Metadata'>>;
  /** Why no broker can be reached at the moment, if that is so. */
  trouble(): string | undefined;
  accepted(metadata: ClusterMetadata, changed: boolean): void;
  readonly retryBackoff: (attempt: number) => number;
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Callers that wait for the next request of one kind. */
interface Round {
  readonly names: Set<string>;
  all: boolean;
  readonly autoCreate: boolean;
  /** When the last one has gone the request is given up. */
  waiting: number;
  readonly stop: AbortController;
  readonly promise: Promise<ClusterMetadata>;
  readonly resolve: (metadata: ClusterMetadata) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Fetches metadata: when somebody waits for it, soon after an error that says it is stale, and
 * when it has grown old. At most one request is under way; whoever asks meanwhile shares the next.
 */
export class MetadataRefresher {
  readonly state = new MetadataState();
  readonly #hooks: RefresherHooks;
  readonly #alarm: Alarm;
  readonly #rounds: Round[] = [];
  #running = false;
  #soonAttempt = 0;
  #lastAt = -Infinity;
  #closed = false;
  /** A refresh of the background is not answered yet; somebody has asked for another since. */
  #isUnderWay = false;
  #isWanted = false;
  /** Ends the refresh that nobody waits for. */
  #rest = new AbortController();

  constructor(hooks: RefresherHooks) {
    this.#hooks = hooks;
    this.#alarm = new Alarm(hooks.clock, () => this.#background(), { background: true });
  }

  /** One round trip for these topics (none given: those in use) and the topics in use. */
  refresh(
    topics: readonly string[] | 'all' | undefined,
    options: MetadataOptions,
  ): Promise<ClusterMetadata> {
    const now = this.#hooks.clock.monotonic();
    if (Array.isArray(topics)) for (const name of topics) this.state.use(name as string, now);
    const autoCreate = options.allowAutoCreate ?? false;
    let round = this.#rounds.find((waiting) => waiting.autoCreate === autoCreate);
    if (round === undefined) {
      round = newRound(autoCreate);
      this.#rounds.push(round);
    }
    if (topics === 'all') round.all = true;
    else for (const name of topics ?? []) round.names.add(name);
    if (!this.#running) {
      this.#running = true;
      queueMicrotask(() => void this.#run());
    }
    round.waiting++;
    return options.signal === undefined ? round.promise : this.#leavable(round, options.signal);
  }

  async #leavable(round: Round, signal: AbortSignal): Promise<ClusterMetadata> {
    try {
      return await abortable(round.promise, signal);
    } catch (error) {
      round.waiting--;
      if (round.waiting === 0) round.stop.abort();
      throw error;
    }
  }

  async #run(): Promise<void> {
    for (let round = this.#rounds.shift(); round !== undefined; round = this.#rounds.shift()) {
      if (round.waiting === 0) continue;
      const now = this.#hooks.clock.monotonic();
      // What is in use is refreshed along, except where asking would create a topic.
      const names = round.autoCreate
        ? [...round.names]
        : [...new Set([...round.names, ...this.state.inUse(now)])];
      try {
        const response = await this.#hooks.request(
          round.all ? null : names,
          round.autoCreate,
          round.stop.signal,
        );
        this.#accept(response, round.all);
        round.resolve(this.state.snapshot);
      } catch (error) {
        round.reject(error);
      }
    }
    this.#running = false;
  }

  #accept(response: ResponseDecoded<'Metadata'>, all: boolean): void {
    const { changed, recreated } = this.state.accept(response, all);
    const { clock, logger, metadataMaxAgeMs } = this.#hooks;
    for (const topic of recreated) {
      logger.warn(`topic ${topic} was deleted and created again: it has a new id`, { topic });
    }
    this.#lastAt = clock.monotonic();
    const isAtRest = this.#closed || this.#rest.signal.aborted;
    if (!isAtRest) this.#alarm.ringAt(this.#lastAt + metadataMaxAgeMs);
    this.#hooks.accepted(this.state.snapshot, changed);
  }

  /** Asks for a refresh after a short backoff; many calls make one request. */
  refreshSoon(reason: string): void {
    if (this.#closed) return;
    this.#hooks.logger.debug(`metadata is refreshed: ${reason}`);
    const { clock, retryBackoff } = this.#hooks;
    // The first wish after a quiet time is granted at once.
    const earliest = this.#lastAt + retryBackoff(Math.max(0, this.#soonAttempt - 1));
    this.#alarm.ringAt(Math.max(clock.monotonic(), earliest));
  }

  /** Nobody uses the cluster: no refresh in the background, also not the one under way. */
  rest(): void {
    this.#alarm.cancel();
    this.#rest.abort();
  }

  /** The cluster is used again. */
  wake(): void {
    this.#rest = new AbortController();
    if (this.#lastAt > -Infinity) this.#alarm.ringAt(this.#lastAt + this.#hooks.metadataMaxAgeMs);
  }

  #background(): void {
    // While one is under way, however long that takes, all further wishes make one more.
    this.#isWanted = this.#isUnderWay;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const { signal } = this.#rest;
    this.refresh(undefined, { signal })
      .then(
        () => {
          this.#soonAttempt = 0;
        },
        (error: unknown) => {
          if (this.#closed || signal.aborted) return;
          this.#soonAttempt++;
          this.#hooks.logger.warn('metadata could not be refreshed', { error });
          this.#lastAt = this.#hooks.clock.monotonic();
          this.refreshSoon('the last refresh failed');
        },
      )
      .finally(() => {
        this.#isUnderWay = false;
        const isAtRest = this.#closed || this.#rest.signal.aborted;
        if (this.#isWanted && !isAtRest) this.refreshSoon('it was asked for meanwhile');
      });
  }

  async metadataFor(topics: readonly string[], options: MetadataOptions): Promise<ClusterMetadata> {
    const { clock, apiTimeoutMs } = this.#hooks;
    const startedAt = clock.monotonic();
    const timeoutMs = options.timeoutMs ?? apiTimeoutMs;
    for (const name of topics) this.state.use(name, startedAt);
    for (let attempt = 0; ; attempt++) {
      const missing = topics.filter((name) => !isUsable(this.state.topic(name)));
      if (missing.length === 0) return this.state.snapshot;
      const metadata = await this.#attempt(missing, options, startedAt + timeoutMs);
      const open = missing.filter((name) => !isUsable(metadata.topics.get(name)));
      if (open.length === 0) return metadata;
      for (const name of open) failWhenFinal(name, metadata.topics.get(name), options);
      const left = startedAt + timeoutMs - clock.monotonic();
      if (left <= 0) throw this.#notInTime(open, options);
      await this.#hooks.delay(Math.min(left, this.#hooks.retryBackoff(attempt)), options.signal);
    }
  }

  /** A refresh that is given up at `deadline`. */
  async #attempt(
    names: readonly string[],
    options: MetadataOptions,
    deadline: number,
  ): Promise<ClusterMetadata> {
    const { clock } = this.#hooks;
    const late = new AbortController();
    const { signal } = options;
    const timer = clock.after(Math.max(1, deadline - clock.monotonic()), () => late.abort());
    const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      return await this.refresh(names, { ...options, signal: either });
    } catch (error) {
      if (!late.signal.aborted) throw error;
      throw this.#notInTime(names, options);
    } finally {
      timer.cancel();
    }
  }

  #notInTime(names: readonly string[], options: MetadataOptions): KafkaError {
    const timeoutMs = options.timeoutMs ?? this.#hooks.apiTimeoutMs;
    const trouble = this.#hooks.trouble();
    const state = names.map((name) => `${name}: ${this.state.topic(name)?.error ?? 'no answer'}`);
    return new KafkaError(
      'METADATA_TIMEOUT',
      `Metadata did not arrive within ${timeoutMs} ms (${trouble ?? state.join('; ')}).`,
      {
        topic: names.length === 1 ? names[0] : undefined,
        hint:
          trouble === undefined
            ? 'Does the topic exist, and may it be created automatically?'
            : 'Check bootstrapServers.',
      },
    );
  }

  close(error: KafkaError): void {
    this.#closed = true;
    this.#alarm.cancel();
    for (const round of this.#rounds.splice(0)) round.reject(error);
  }
}

function newRound(autoCreate: boolean): Round {
  let resolve: Round['resolve'] = () => undefined;
  let reject: Round['reject'] = () => undefined;
  const promise = new Promise<ClusterMetadata>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  const stop = new AbortController();
  const names = new Set<string>();
  return { names, all: false, autoCreate, waiting: 0, stop, promise, resolve, reject };
}

function isUsable(topic: TopicMetadata | undefined): boolean {
  return topic !== undefined && topic.error === 'NONE' && topic.partitions.length > 0;
}

function failWhenFinal(
  name: string,
  topic: TopicMetadata | undefined,
  options: MetadataOptions,
): void {
  const code = topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION';
  if (code === 'NONE') return;
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION') {
    if (options.allowAutoCreate) return;
    throw new KafkaError(code, `Topic ${name} does not exist.`, {
      topic: name,
      hint: 'Create it first, for example with admin.createTopics().',
    });
  }
  const error = new KafkaError(code, undefined, { topic: name });
  if (!error.retriable) throw error;
}
