import type { ApiName } from '../../protocol/index.js';
import { RecentValues } from './recent-values.js';

/** What is measured of the requests of one API, or to one broker. */
export interface RequestFigures {
  /** Answers that have come. */
  readonly total: number;
  /** From asking to the answer, in ms, of the last half to whole minute. */
  readonly latencyAvg: number;
  readonly latencyMax: number;
  /** What the answers told of throttles (KIP-219), in ms. */
  readonly throttleAvg: number;
  readonly throttleMax: number;
}

class Requests {
  total = 0;
  readonly latency = new RecentValues();
  readonly throttle = new RecentValues();

  add(latencyMs: number, throttleMs: number, now: number): void {
    this.total++;
    this.latency.add(latencyMs, now);
    this.throttle.add(throttleMs, now);
  }
}

/** Counts and times the requests of one client, a handful of additions for each answer. */
export class RequestStats {
  readonly #byApi = new Map<ApiName, Map<number, Requests>>();
  /** Connections that have been made. */
  connections = 0;

  /** An answer has come; `broker` is below 0 where the bootstrap address was asked. */
  answered(api: ApiName, broker: number, latencyMs: number, throttleMs: number, now: number): void {
    let brokers = this.#byApi.get(api);
    if (brokers === undefined) this.#byApi.set(api, (brokers = new Map<number, Requests>()));
    let requests = brokers.get(broker);
    if (requests === undefined) brokers.set(broker, (requests = new Requests()));
    requests.add(latencyMs, throttleMs, now);
  }

  /** The brokers that have answered requests of the API. */
  brokers(api: ApiName): number[] {
    return [...(this.#byApi.get(api)?.keys() ?? [])];
  }

  /** Of these APIs together, to one broker or to all. */
  figures(apis: readonly ApiName[], now: number, broker?: number): RequestFigures {
    const list: Requests[] = [];
    for (const api of apis) {
      for (const [id, requests] of this.#byApi.get(api) ?? []) {
        if (broker === undefined || id === broker) list.push(requests);
      }
    }
    const latencies = list.map(({ latency }) => latency);
    const throttles = list.map(({ throttle }) => throttle);
    return {
      total: list.reduce((sum, { total }) => sum + total, 0),
      latencyAvg: RecentValues.averageOf(latencies, now),
      latencyMax: Math.max(0, ...latencies.map((each) => each.max(now))),
      throttleAvg: RecentValues.averageOf(throttles, now),
      throttleMax: Math.max(0, ...throttles.map((each) => each.max(now))),
    };
  }
}
