import type { ErrorCode } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import type { Clock, Random } from '../../system/index.js';

type FetchRequest = RequestDecoded<'Fetch'>;

/** One partition a client fetches from, and what it was last told. */
export interface FetchedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  fetchOffset: number;
  maxBytes: number;
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  /** High watermark and log start of the last answer, -1 before the first. */
  toldHighWatermark: number;
  toldLogStart: number;
}

/** A client's standing request (KIP-227): later requests and answers carry only what changed. */
export interface FetchSession {
  readonly id: number;
  /** Whether its partitions are known by topic id (v13 and later) or by name. */
  readonly usesTopicIds: boolean;
  readonly partitions: Map<string, FetchedPartition>;
  /** The epoch the next request must carry. */
  nextEpoch: number;
  lastUsed: number;
}

/** What one request fetches. */
export interface FetchPlan {
  /** 0 when there is no session. */
  readonly sessionId: number;
  readonly session: FetchSession | undefined;
  /** Whether the answer may leave out partitions without news. */
  readonly incremental: boolean;
  readonly partitions: ReadonlyMap<string, FetchedPartition>;
}

export type SessionFault = Extract<
  ErrorCode,
  'FETCH_SESSION_ID_NOT_FOUND' | 'INVALID_FETCH_SESSION_EPOCH' | 'FETCH_SESSION_TOPIC_ID_ERROR'
>;

const finalEpoch = -1;
const initialEpoch = 0;
const int32Max = 0x7fffffff;
/** A session unused for so long may be dropped in favour of a new one. */
const evictableAfterMs = 120_000;

/**
 * The fetch sessions of all clients (`FetchSessionCache`), at most as many as there are slots. A
 * new session takes a free slot or that of the one unused for longest, once that was two minutes
 * ago; otherwise the client goes on without a session, which costs only bytes.
 */
export class FetchSessions {
  readonly #slots: number;
  readonly #random: Random;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #sessions = new Map<number, FetchSession>();

  constructor(slots: number, random: Random, clock: Clock) {
    this.#slots = slots;
    this.#random = random;
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** What the request fetches, taking up, creating or ending its session. */
  plan(request: FetchRequest, version: number): FetchPlan | SessionFault {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === finalEpoch || sessionEpoch === initialEpoch) {
      this.#sessions.delete(sessionId);
      const partitions = new Map<string, FetchedPartition>();
      merge(partitions, request, version >= 13);
      const session =
        sessionEpoch === initialEpoch ? this.#create(partitions, version >= 13) : undefined;
      return { sessionId: session?.id ?? 0, session, incremental: false, partitions };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return 'FETCH_SESSION_ID_NOT_FOUND';
    if (session.nextEpoch !== sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH';
    if (session.usesTopicIds !== version >= 13) return 'FETCH_SESSION_TOPIC_ID_ERROR';
    forget(session.partitions, request, session.usesTopicIds);
    merge(session.partitions, request, session.usesTopicIds);
    if (session.partitions.size === 0) {
      this.#sessions.delete(sessionId);
      return { sessionId: 0, session: undefined, incremental: false, partitions: new Map() };
    }
    this.#use(session);
    return { sessionId, session, incremental: true, partitions: session.partitions };
  }

  #create(
    partitions: Map<string, FetchedPartition>,
    usesTopicIds: boolean,
  ): FetchSession | undefined {
    if (!this.#makeRoom()) return undefined;
    let id: number;
    do {
      id = 1 + this.#random.below(int32Max - 1);
    } while (this.#sessions.has(id));
    const lastUsed = this.#clock.monotonic();
    const session = { id, usesTopicIds, partitions, nextEpoch: 1, lastUsed };
    this.#sessions.set(id, session);
    return session;
  }

  #makeRoom(): boolean {
    if (this.#sessions.size < this.#slots) return true;
    const [oldest] = this.#sessions.values();
    if (oldest === undefined) return false;
    if (this.#clock.monotonic() - oldest.lastUsed < evictableAfterMs) return false;
    this.#sessions.delete(oldest.id);
    return true;
  }

  #use(session: FetchSession): void {
    session.nextEpoch = session.nextEpoch === int32Max ? 1 : session.nextEpoch + 1;
    session.lastUsed = this.#clock.monotonic();
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }
}

function keyOf(topic: string, topicId: string, partition: number, byId: boolean): string {
  return `${byId ? topicId : topic}:${partition}`;
}

function merge(
  partitions: Map<string, FetchedPartition>,
  request: FetchRequest,
  byId: boolean,
): void {
  for (const { topic, topicId, partitions: asked } of request.topics) {
    for (const one of asked) {
      const key = keyOf(topic, topicId, one.partition, byId);
      const wanted = {
        fetchOffset: one.fetchOffset,
        maxBytes: one.partitionMaxBytes,
        currentLeaderEpoch: one.currentLeaderEpoch,
        lastFetchedEpoch: one.lastFetchedEpoch,
      };
      const known = partitions.get(key);
      if (known !== undefined) {
        Object.assign(known, wanted);
        continue;
      }
      const { partition } = one;
      const told = { toldHighWatermark: -1, toldLogStart: -1 };
      partitions.set(key, { topic, topicId, partition, ...wanted, ...told });
    }
  }
}

function forget(
  partitions: Map<string, FetchedPartition>,
  request: FetchRequest,
  byId: boolean,
): void {
  for (const { topic, topicId, partitions: gone } of request.forgottenTopicsData) {
    for (const partition of gone) partitions.delete(keyOf(topic, topicId, partition, byId));
  }
}
