import type { Reader } from '../bytes/index.js';
import type { ApiName } from '../protocol/index.js';

/** A request that waits: to be written (where the connection is held), then for its answer. */
export class PendingRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly correlationId: number;
  /** Monotonic time at which the caller asked. */
  readonly sentAt: number;
  readonly deadline: number;
  /** The bytes in pieces, until they are written. */
  frame: readonly Uint8Array[] | undefined;
  /** The caller has its result (time-out, abort) and the answer will be thrown away. */
  settled = false;
  readonly #decode: ((reader: Reader) => unknown) | undefined;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #forget: (() => void) | undefined;

  constructor(
    about: {
      readonly api: ApiName;
      readonly version: number;
      readonly correlationId: number;
      readonly sentAt: number;
      readonly deadline: number;
      readonly frame: readonly Uint8Array[];
      /** Left out where the broker will not answer. */
      readonly decode: ((reader: Reader) => unknown) | undefined;
    },
    resolve: (answer: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.api = about.api;
    this.version = about.version;
    this.correlationId = about.correlationId;
    this.sentAt = about.sentAt;
    this.deadline = about.deadline;
    this.frame = about.frame;
    this.#decode = about.decode;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Calls `give` when the signal fires before the answer has come. */
  watch(signal: AbortSignal, give: () => void): void {
    signal.addEventListener('abort', give, { once: true });
    this.#forget = () => signal.removeEventListener('abort', give);
  }

  get isAnswered(): boolean {
    return this.#decode !== undefined;
  }

  decode(reader: Reader): unknown {
    return this.#decode?.(reader);
  }

  succeed(answer: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.settled = true;
    this.#forget?.();
    this.#forget = undefined;
  }
}
