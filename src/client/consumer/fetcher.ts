import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Timer } from '../../system/index.js';
import type { Cluster, PartitionMetadata } from '../cluster/index.js';
import type { FetchBuffer } from './fetch-buffer.js';
import { fetchInput } from './fetch-request.js';
import { haveTopicIds } from './fetch-session.js';
import { type Asked, FetchSource, isAtEnd } from './fetch-source.js';
import { FetchedPartition } from './fetched-partition.js';
import type { FetcherHost, FetcherSettings } from './fetcher-host.js';
import { asKafkaError } from './offset-lookup.js';
import type { PartitionState } from './partition-state.js';
import type { SubscriptionState } from './subscription-state.js';

/** While other partitions of a broker are full, its idle ones are asked this often. */
const sharedPollMs = 50;
/**
 * A partition is asked for again while half of `maxPartitionFetchBytes`, or this much, waits for
 * the loop: with small answers the next one is on its way while the loop is busy with the last.
 */
const fetchAheadBytes = 65_536;
/** A follower that was recommended is asked for so long before the leader is asked again. */
const preferredReplicaMs = 300_000;

/**
 * Keeps data coming: one Fetch under way per broker, for all partitions of which not enough is
 * buffered. `wake` looks whether there is something to ask; it is called whenever a partition,
 * the buffer or the metadata has changed, and costs little when nothing is to be done.
 *
 * A broker answers one connection in order and lets a fetch without data wait, so a partition
 * that runs empty during such a wait would starve. Therefore a fetch waits only when every
 * partition of the broker takes part in it; otherwise it is answered at once and repeated.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #settings: FetcherSettings;
  readonly #subscription: SubscriptionState;
  readonly #buffer: FetchBuffer;
  readonly #host: FetcherHost;
  readonly #sources = new Map<number, FetchSource>();
  /** Bytes of a partition that wait for the loop, with which it is not asked for again. */
  readonly #enough: number;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #stopped = false;
  /** `wake` comes in the next turn of the event loop. */
  #isPutOff = false;

  constructor(
    cluster: Cluster,
    settings: FetcherSettings,
    subscription: SubscriptionState,
    buffer: FetchBuffer,
    host: FetcherHost,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#enough = Math.max(settings.maxPartitionFetchBytes / 2, fetchAheadBytes);
    this.#subscription = subscription;
    this.#buffer = buffer;
    this.#host = host;
  }

  /** Brokers with a fetch under way. */
  get inFlight(): number {
    return [...this.#sources.values()].filter((source) => source.inFlight).length;
  }

  /** Sends what can be sent now, and sees to it that the rest is looked at in time. */
  wake(): void {
    if (this.#stopped || this.#isPutOff) return;
    for (const source of this.#sources.values()) if (source.isPointless) this.#abandon(source);
    const now = this.#cluster.system.clock.monotonic();
    const plans = new Map<FetchSource, { asked: Asked[]; full: boolean }>();
    const inFlight = new Set<FetchSource>();
    for (const state of this.#subscription) {
      const source = this.#sourceOf(state, now);
      if (source === undefined) continue;
      if (source.inFlight) {
        inFlight.add(source);
        continue;
      }
      let plan = plans.get(source);
      if (plan === undefined) plans.set(source, (plan = { asked: [], full: false }));
      if (state.queuedBytes >= this.#enough) plan.full = true;
      else plan.asked.push(this.#ask(state));
    }
    for (const [source, { asked, full }] of plans) {
      if (asked.length === 0) continue;
      const bytes = this.#budget(asked.length, plans.size + inFlight.size);
      if (bytes === 0) continue;
      const startAt = source.startAt(full);
      if (startAt > now) this.#wakeAt(startAt);
      else void this.#fetch(source, asked, full, bytes);
    }
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    for (const source of this.#sources.values()) {
      source.abort.abort();
      this.#cluster.closeLane(source.lane);
    }
  }

  /**
   * After a seek or a rebalance the broker may still hold a fetch that nobody wants, and would
   * answer nothing else on its connection before: take another one.
   */
  #abandon(source: FetchSource): void {
    source.abort.abort();
    this.#cluster.closeLane(source.lane);
    source.lane = this.#cluster.lane('fetch');
  }

  /** The broker to ask for the partition now, if any. */
  #sourceOf(state: PartitionState, now: number): FetchSource | undefined {
    if (state.paused || state.fetchOffset < 0) return undefined;
    if (state.retryAt > now) {
      this.#wakeAt(state.retryAt);
      return undefined;
    }
    if (state.isRenewed(this.#cluster.topic(state.topic)?.id ?? zeroUuid)) {
      this.#host.renewed(state);
      return undefined;
    }
    const known = this.#metadataOf(state);
    if (known === undefined || known.leader < 0) {
      this.#cluster.refreshSoon(`${state.topic}-${state.partition} has no leader`);
      this.#backOff(state, now);
      return undefined;
    }
    if (state.preferredReplica >= 0) {
      const usable = state.preferredUntil > now && known.isr.includes(state.preferredReplica);
      if (!usable) state.preferredReplica = -1;
    }
    const broker = state.preferredReplica >= 0 ? state.preferredReplica : known.leader;
    let source = this.#sources.get(broker);
    if (source === undefined) {
      source = new FetchSource(broker, this.#cluster.lane('fetch'));
      this.#sources.set(broker, source);
    }
    return source;
  }

  #metadataOf(state: PartitionState): PartitionMetadata | undefined {
    return this.#cluster.topic(state.topic)?.partitions[state.partition];
  }

  #ask(state: PartitionState): Asked {
    const { topic, partition, fetchOffset } = state;
    const target = {
      topic,
      topicId: this.#cluster.topic(topic)?.id ?? zeroUuid,
      partition,
      currentLeaderEpoch: this.#metadataOf(state)?.leaderEpoch ?? -1,
      fetchOffset,
      lastFetchedEpoch: state.fetchEpoch,
      partitionMaxBytes: this.#settings.maxPartitionFetchBytes,
    };
    return { state, incarnation: state.incarnation, target };
  }

  /**
   * Bytes the next answer may have: what is free of the budget, some when all is empty. A fetch
   * without data keeps its part as long as it waits, and takes it again right after: therefore no
   * broker's part is larger than that of the others, or one of them would never be asked.
   */
  #budget(partitions: number, sources: number): number {
    const { queuedMaxBytes, fetchMaxBytes, maxPartitionFetchBytes } = this.#settings;
    let used = this.#buffer.bytes;
    for (const source of this.#sources.values()) used += source.reserved;
    const share = Math.max(1, Math.floor(queuedMaxBytes / sources));
    const wanted = Math.min(fetchMaxBytes, partitions * maxPartitionFetchBytes, share);
    if (used === 0) return wanted;
    const free = queuedMaxBytes - used;
    // Crumbs are not worth a request: wait until a fair part is free.
    return free * 4 >= wanted ? Math.min(wanted, free) : 0;
  }

  async #fetch(source: FetchSource, asked: Asked[], full: boolean, bytes: number): Promise<void> {
    const { fetchMaxWaitMs } = this.#settings;
    const maxWaitMs = full ? 0 : fetchMaxWaitMs;
    const request = source.session.next(asked.map((each) => each.target));
    // Used again as long as it can be: one for each fetch costs more than a small answer does.
    if (source.abort.signal.aborted) source.abort = new AbortController();
    const { abort } = source;
    source.asked = asked;
    source.reserved = bytes;
    let brought = false;
    try {
      const response = await this.#cluster.send(
        'Fetch',
        (version) => fetchInput(version, request, this.#settings, { maxWaitMs, maxBytes: bytes }),
        { broker: source.broker },
        {
          lane: source.lane,
          signal: abort.signal,
          timeoutMs: maxWaitMs + this.#cluster.options.requestTimeoutMs,
          versionMax: haveTopicIds(request) ? undefined : 12,
          atOnce: true,
        },
      );
      if (this.#stopped) return;
      brought = this.#accept(source, asked, response);
    } catch (error) {
      if (this.#stopped) return;
      if (abort.signal.aborted) source.session.failed(false);
      else this.#sendFailed(source, asked, asKafkaError(error));
    } finally {
      source.asked = undefined;
      source.reserved = 0;
    }
    if (full)
      source.sharedPollAt = brought ? 0 : this.#later(Math.min(sharedPollMs, fetchMaxWaitMs));
    if (brought && isAtEnd(asked)) this.#putOff();
    if (brought) this.#host.fetched();
    this.wake();
  }

  /** At the end of the log the loop gets its records first: nothing else is to be had yet. */
  #putOff(): void {
    if (this.#isPutOff) return;
    this.#isPutOff = true;
    this.#cluster.system.clock.soon(() => {
      this.#isPutOff = false;
      this.wake();
    });
  }

  /** Takes an answer apart; true when it brought something for the loop. */
  #accept(source: FetchSource, asked: Asked[], response: ResponseDecoded<'Fetch'>): boolean {
    const code = errorCodeOf(response.errorCode);
    if (code !== 'NONE') {
      const forgotten = code === 'FETCH_SESSION_ID_NOT_FOUND';
      source.session.failed(forgotten);
      if (code === 'FETCH_SESSION_TOPIC_ID_ERROR') this.#cluster.refreshSoon('topic ids differ');
      const isSession = forgotten || code === 'INVALID_FETCH_SESSION_EPOCH';
      // A lost session costs one more request, not a pause, unless it happens again at once.
      if (!isSession || source.failures > 0) this.#pause(source);
      source.failures++;
      return false;
    }
    source.failures = 0;
    source.session.succeeded(response.sessionId);
    const byKey = new Map<string, Asked>();
    for (const each of asked) byKey.set(`${each.target.topic}:${each.target.partition}`, each);
    let brought = false;
    for (const { topic: name, topicId, partitions } of response.responses) {
      const topic = name || this.#cluster.topicName(topicId);
      for (const answer of partitions) {
        const key = `${topic}:${answer.partitionIndex}`;
        const each = byKey.get(key);
        byKey.delete(key);
        if (each === undefined || each.incarnation !== each.state.incarnation) continue;
        if (this.#acceptPartition(source, each, answer, response)) brought = true;
      }
    }
    // A session answers only for what has changed: the others are well.
    for (const { state } of byKey.values()) state.wellAgain();
    return brought;
  }

  #acceptPartition(
    source: FetchSource,
    { state }: Asked,
    answer: PartitionAnswer,
    response: ResponseDecoded<'Fetch'>,
  ): boolean {
    const code = errorCodeOf(answer.errorCode);
    if (code !== 'NONE') {
      this.#partitionFailed(source, state, code, answer, response);
      return false;
    }
    const { divergingEpoch, preferredReadReplica, records } = answer;
    if (divergingEpoch.epoch >= 0 || divergingEpoch.endOffset >= 0) {
      this.#host.truncated(state, divergingEpoch.endOffset, divergingEpoch.epoch);
      return false;
    }
    state.wellAgain();
    const { readCommitted, checkCrcs } = this.#settings;
    const end = readCommitted ? answer.lastStableOffset : answer.highWatermark;
    if (end >= 0) state.endOffset = end;
    if (answer.logStartOffset >= 0) state.logStartOffset = answer.logStartOffset;
    if (preferredReadReplica >= 0) {
      state.preferredReplica = preferredReadReplica;
      state.preferredUntil = this.#later(preferredReplicaMs);
      return false;
    }
    if (records === null || records.length === 0) return false;
    const aborted = readCommitted ? answer.abortedTransactions : null;
    const fetched = new FetchedPartition({ state, records, aborted, endOffset: end, checkCrcs });
    try {
      const last = fetched.end();
      if (last === undefined) return false;
      state.fetchOffset = Math.max(state.fetchOffset, last.offset);
      state.fetchEpoch = last.leaderEpoch;
    } catch (error) {
      this.#host.failed(state, this.#about(state, asKafkaError(error)));
      return false;
    }
    this.#buffer.push(fetched);
    return true;
  }

  #partitionFailed(
    source: FetchSource,
    state: PartitionState,
    code: KafkaError['code'],
    answer: PartitionAnswer,
    response: ResponseDecoded<'Fetch'>,
  ): void {
    const { topic, partition, fetchOffset: offset } = state;
    const error = new KafkaError(code, undefined, { topic, partition, offset });
    state.problem = error;
    const now = this.#cluster.system.clock.monotonic();
    const fromFollower = source.broker === state.preferredReplica;
    state.preferredReplica = -1;
    switch (code) {
      case 'OFFSET_OUT_OF_RANGE':
      case 'OFFSET_MOVED_TO_TIERED_STORAGE':
        // A follower may lag behind: only the leader's word counts. And what was fetched before
        // is handed out first.
        if (!fromFollower && state.position === state.fetchOffset) {
          this.#host.offsetOutOfRange(state);
        } else {
          this.#backOff(state, now);
        }
        return;
      case 'TOPIC_AUTHORIZATION_FAILED':
      case 'CORRUPT_MESSAGE':
      case 'UNSUPPORTED_COMPRESSION_TYPE':
        this.#backOff(state, now);
        this.#host.failed(state, error);
        return;
      default: {
        const { leaderId, leaderEpoch } = answer.currentLeader;
        const brokers = response.nodeEndpoints.map(({ nodeId, host, port, rack }) => {
          return { id: nodeId, host, port, rack };
        });
        const learnt =
          leaderId >= 0 &&
          this.#cluster.leaderHint(topic, partition, leaderId, leaderEpoch, brokers);
        if (!learnt) this.#cluster.refreshSoon(`fetch of ${topic}-${partition}: ${code}`);
        if (!learnt || state.failures > 0) this.#backOff(state, now);
        else state.failures++;
      }
    }
  }

  /** The request got no answer: it is unknown how much of it the broker has seen. */
  #sendFailed(source: FetchSource, asked: Asked[], error: KafkaError): void {
    source.session.failed(false);
    this.#pause(source);
    source.failures++;
    for (const { state } of asked) state.problem = error;
    if (error.retriable || isKafkaError(error, 'BROKER_NOT_AVAILABLE')) {
      this.#cluster.refreshSoon(`fetch from broker ${source.broker}: ${error.code}`);
      return;
    }
    const first = asked[0]?.state;
    if (first !== undefined) this.#host.failed(first, this.#about(first, error));
  }

  #about(state: PartitionState, cause: KafkaError): KafkaError {
    const { topic, partition, fetchOffset: offset } = state;
    return new KafkaError(cause.code, cause.message, { topic, partition, offset, cause });
  }

  #pause(source: FetchSource): void {
    source.retryAt = this.#later(this.#cluster.retryBackoff(source.failures));
  }

  #backOff(state: PartitionState, now: number): void {
    state.retryAt = now + this.#cluster.retryBackoff(state.failures++);
    this.#wakeAt(state.retryAt);
  }

  #later(ms: number): number {
    return this.#cluster.system.clock.monotonic() + ms;
  }

  /** Sees to it that `wake` runs at that moment, or before. */
  #wakeAt(moment: number): void {
    if (moment >= this.#timerAt || this.#stopped) return;
    this.#timer?.cancel();
    this.#timerAt = moment;
    const { clock } = this.#cluster.system;
    this.#timer = clock.after(Math.max(1, moment - clock.monotonic()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }
}

type PartitionAnswer = ResponseDecoded<'Fetch'>['responses'][number]['partitions'][number];
