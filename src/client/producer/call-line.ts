import type { KafkaError } from '../../errors/index.js';
import type { SendCall } from './send-call.js';

/** So many gone calls at the head are kept before the list is moved together. */
const goneMax = 1024;

/**
 * Calls of `send` waiting in a line for something, first come, first served. Taking from the head
 * costs the same however long the line is.
 */
export class CallLine {
  #calls: SendCall[] = [];
  #head = 0;

  get length(): number {
    return this.#calls.length - this.#head;
  }

  get first(): SendCall | undefined {
    return this.#calls[this.#head];
  }

  /** `deadline` says when the call's waiting ends (monotonic), unless it has waited before. */
  push(call: SendCall, deadline: number): void {
    if (call.deadline === Infinity) call.deadline = deadline;
    this.#calls.push(call);
  }

  shift(): SendCall | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#calls.length) {
      this.#calls = [];
      this.#head = 0;
    } else if (this.#head === goneMax) {
      this.#calls.splice(0, this.#head);
      this.#head = 0;
    }
    return call;
  }

  /** Takes everybody out. */
  takeAll(): SendCall[] {
    const all = this.#calls.slice(this.#head);
    this.#calls = [];
    this.#head = 0;
    return all;
  }

  /** Fails those at the head whose time is over; returns when the next one's is. */
  expire(now: number, late: (call: SendCall) => KafkaError): number {
    for (let call = this.first; call !== undefined; call = this.first) {
      if (call.deadline > now && !call.isSettled) return call.deadline;
      this.shift();
      call.failRest(late(call));
    }
    return Infinity;
  }
}
