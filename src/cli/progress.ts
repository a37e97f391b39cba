import type { Clock } from '../system/index.js';
import type { Output } from './io.js';

const barWidth = 30;
const redrawMs = 50;

/** A progress bar on a terminal; without a terminal nothing is drawn, and lines are just lines. */
export class Progress {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #total: number;
  readonly #noun: string;
  readonly #since: number;
  #done = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(output: Output, clock: Clock, total: number, noun: string) {
    this.#output = output;
    this.#clock = clock;
    this.#total = total;
    this.#noun = noun;
    this.#since = clock.monotonic();
  }

  /** So much is done by now. */
  at(done: number): void {
    this.#done = done;
    const now = this.#clock.monotonic();
    if (!this.#output.isTerminal || (now - this.#drawnAt < redrawMs && done < this.#total)) return;
    this.#drawnAt = now;
    void this.#output.write(`\r\x1b[2K${this.#bar(now)}`);
  }

  /** Prints a line above the bar. */
  say(line: string): void {
    const clear = this.#output.isTerminal ? '\r\x1b[2K' : '';
    void this.#output.write(`${clear}${line}\n`);
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    if (this.#done > 0) this.at(this.#done);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#output.isTerminal) void this.#output.write('\r\x1b[2K');
  }

  #bar(now: number): string {
    const filled = Math.round((this.#done / this.#total) * barWidth);
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    const seconds = Math.max(0.001, (now - this.#since) / 1000);
    const rate = Math.round(this.#done / seconds);
    const left = rate > 0 ? Math.ceil((this.#total - this.#done) / rate) : 0;
    return `${bar} ${this.#done}/${this.#total} ${this.#noun}  ${rate}/s  ${left} s left`;
  }
}
