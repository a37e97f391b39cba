import type { Clock, Timer } from '../system/index.js';

/** A timer this much too early is kept rather than set anew. */
const toleranceMs = 0.5;

/**
 * One timer that rings at the earliest of the moments asked for, instead of a timer per request.
 * Whoever is rung looks through what is due and asks again for the rest.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #background: boolean;
  #timer: Timer | undefined;
  #at = Infinity;

  constructor(clock: Clock, ring: () => void, options: { readonly background?: boolean } = {}) {
    this.#clock = clock;
    this.#ring = ring;
    this.#background = options.background ?? false;
  }

  /** Rings at `moment` (monotonic milliseconds) at the latest; Infinity asks for nothing. */
  ringAt(moment: number): void {
    if (moment >= this.#at - toleranceMs) return;
    this.#timer?.cancel();
    this.#at = moment;
    const delayMs = Math.max(0, Math.ceil(moment - this.#clock.monotonic()));
    this.#timer = this.#clock.after(delayMs, () => this.#rang(), { background: this.#background });
  }

  #rang(): void {
    this.#timer = undefined;
    this.#at = Infinity;
    this.#ring();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
