import type { Consumer, TopicPartition } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { System } from '../system/index.js';
import { wait } from './back-off.js';

const lookEveryMs = 50;

/**
 * Whether a partition is still ours, asked before each write. A process that stood still (a laptop
 * that slept, a paused container, a long garbage collection) does not know that the group has gone
 * on without it. So nothing is written as long as the last heartbeat that was answered is older
 * than the session: the next answer tells.
 */
export class PartitionLease {
  readonly #consumer: Consumer;
  readonly #sessionTimeoutMs: number;
  readonly #system: System;
  readonly #signal: AbortSignal;

  constructor(consumer: Consumer, sessionTimeoutMs: number, system: System, signal: AbortSignal) {
    this.#consumer = consumer;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#system = system;
    this.#signal = signal;
  }

  /**
   * Fails with ILLEGAL_GENERATION when the partition is not ours any more, and with SINK_FAILED
   * when nobody can tell for a whole session.
   */
  async check({ topic, partition }: TopicPartition): Promise<void> {
    for (let waited = 0; ; waited += lookEveryMs) {
      const { state, lastHeartbeatAgeMs, partitions } = this.#consumer.health();
      const isOurs = partitions.some((p) => p.topic === topic && p.partition === partition);
      if (!isOurs) {
        const message = 'The partition was given to another member meanwhile.';
        throw new KafkaError('ILLEGAL_GENERATION', message, { topic, partition });
      }
      // In a rebalance the coordinator knows of us, and heartbeats may pause.
      if (state !== 'stable' || lastHeartbeatAgeMs === null) return;
      if (lastHeartbeatAgeMs < this.#sessionTimeoutMs) return;
      if (waited > this.#sessionTimeoutMs) break;
      await wait(lookEveryMs, this.#system, this.#signal);
    }
    const message = 'The coordinator does not answer: the partition may be somebody else’s by now.';
    throw new KafkaError('SINK_FAILED', message, { topic, partition });
  }
}
