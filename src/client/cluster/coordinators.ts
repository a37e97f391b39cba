import { errorFacts, errorCodeOf, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Clock } from '../../system/index.js';
import type { Broker } from './cluster-metadata.js';

export type CoordinatorType = 'group' | 'transaction';

/** Coordinators remembered at most; the one found longest ago goes first. */
const rememberedMax = 10_000;

export interface CoordinatorHooks {
  readonly clock: Clock;
  readonly apiTimeoutMs: number;
  request(type: CoordinatorType, key: string): Promise<ResponseDecoded<'FindCoordinator'>>;
  found(broker: Broker): void;
  retryBackoff(attempt: number): number;
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Which broker coordinates which group or transactional id, asked once and remembered. */
export class Coordinators {
  readonly #hooks: CoordinatorHooks;
  readonly #known = new Map<string, number>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(hooks: CoordinatorHooks) {
    this.#hooks = hooks;
  }

  find(type: CoordinatorType, key: string, timeoutMs: number | undefined): Promise<number> {
    const name = `${type}:${key}`;
    const known = this.#known.get(name);
    if (known !== undefined) return Promise.resolve(known);
    const asked = this.#asking.get(name);
    if (asked !== undefined) return asked;
    const asking = this.#ask(type, key, timeoutMs ?? this.#hooks.apiTimeoutMs).finally(() =>
      this.#asking.delete(name),
    );
    asking.catch(() => undefined);
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(type: CoordinatorType, key: string, timeoutMs: number): Promise<number> {
    const { clock } = this.#hooks;
    const deadline = clock.monotonic() + timeoutMs;
    for (let attempt = 0; ; attempt++) {
      const response = await this.#hooks.request(type, key);
      // Since version 4 the answer is a list, one entry for each key.
      const answer = response.coordinators[0] ?? response;
      const code = errorCodeOf(answer.errorCode);
      if (code === 'NONE') {
        const { nodeId, host, port } = answer;
        this.#hooks.found({ id: nodeId, host, port, rack: null });
        this.#remember(`${type}:${key}`, nodeId);
        return nodeId;
      }
      const wait = this.#hooks.retryBackoff(attempt);
      if (!errorFacts(code).retriable || clock.monotonic() + wait > deadline) {
        throw new KafkaError(code, answer.errorMessage ?? undefined, {
          group: type === 'group' ? key : undefined,
          api: 'FindCoordinator',
          hint: `The coordinator of ${type} ${key} was looked for during ${timeoutMs} ms at most.`,
        });
      }
      await this.#hooks.delay(wait);
    }
  }

  #remember(name: string, nodeId: number): void {
    this.#known.delete(name);
    this.#known.set(name, nodeId);
    if (this.#known.size <= rememberedMax) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  forget(type: CoordinatorType, key: string): void {
    this.#known.delete(`${type}:${key}`);
  }
}
