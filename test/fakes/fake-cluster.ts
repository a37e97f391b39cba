import { expect } from 'vitest';
import { KafkaError } from '../../src/errors/index.js';
import { ManualClock } from '../../src/system/simulated/index.js';

/** A request that waits for its answer. */
export interface Call {
  readonly api: string;
  // The shapes differ from API to API; each test knows what it asked for.
  readonly input: Record<string, never>;
  readonly broker: number;
  readonly lane: string | undefined;
  answer(response: object): void;
  fail(error: KafkaError): void;
}

/** A cluster whose answers the test gives one by one; brokers 1 and 2, and whatever leaders. */
export class FakeCluster {
  readonly clock = new ManualClock();
  readonly system = { clock: this.clock, random: { uuid: () => 'me' } };
  readonly logger = { debug() {}, info() {}, warn() {}, error() {} };
  readonly options = { requestTimeoutMs: 1000, apiTimeoutMs: 5000 };
  readonly open: Call[] = [];
  readonly refreshes: string[] = [];
  readonly leaders = new Map<string, number>();
  readonly hints: unknown[] = [];
  readonly closedLanes: string[] = [];
  coordinatorId = 1;
  forgotten = 0;
  #lanes = 0;
  #wake: (() => void)[] = [];

  send(
    api: string,
    request: object,
    to: { broker: number },
    options: SendOptions,
  ): Promise<object> {
    const input = (typeof request === 'function' ? request(12) : request) as Call['input'];
    return new Promise((resolve, reject) => {
      const call = {
        api,
        input,
        broker: to.broker,
        lane: options.lane,
        answer: resolve,
        fail: reject,
      };
      this.open.push(call);
      options.signal?.addEventListener('abort', () => reject(new KafkaError('ABORTED')));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** The next request, which must be of this API. */
  async next(api: string): Promise<Call> {
    while (this.open.length === 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
    const call = this.open.shift() as Call;
    expect(call.api).toBe(api);
    return call;
  }

  topicId = 'AAAAAAAAAAAAAAAAAAAABB';

  topic(name: string) {
    const partitions = [0, 1, 2].map((partition) => ({
      partition,
      leader: this.leaders.get(`${name}:${partition}`) ?? 1,
      leaderEpoch: 5,
      isr: [1, 2],
    }));
    return { name, id: this.topicId, internal: false, partitions };
  }

  metadata() {
    return { topics: new Map([['orders', this.topic('orders')]]) };
  }

  refresh = () => Promise.resolve(this.metadata());
  metadataFor = this.refresh;
  topicName = (_id: string): string | undefined => 'orders';
  use = () => undefined;
  keep = () => () => undefined;
  refreshSoon = (why: string) => void this.refreshes.push(why);
  leaderHint = (...hint: unknown[]) => this.hints.push(hint) > 0;
  coordinator = () => Promise.resolve(this.coordinatorId);
  forgetCoordinator = () => void this.forgotten++;
  onMetadata = () => () => undefined;
  lane = (purpose: string) => `${purpose}-${++this.#lanes}`;
  closeLane = (lane: string) => void this.closedLanes.push(lane);
  retryBackoff = () => 100;
  delay = (ms: number) => new Promise<void>((resolve) => void this.clock.after(ms, resolve));
}

interface SendOptions {
  readonly lane?: string;
  readonly signal?: AbortSignal;
}

/** Lets everything that is under way come to rest. */
export const rest = () => new Promise<void>((resolve) => setImmediate(resolve));
