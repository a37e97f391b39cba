import { errorCodeOf, KafkaError } from '../../errors/index.js';
import type { Timer } from '../../system/index.js';
import type { Cluster } from '../cluster/index.js';
import { movesCoordinator, type CommitIdentity } from './group-offsets.js';
import { asKafkaError } from './offset-lookup.js';

export interface HeartbeatSettings {
  readonly groupId: string;
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  readonly lane: string;
}

/**
 * Tells the coordinator on a timer that the member is alive, whatever the application's loop
 * does, and passes on what it answers. One heartbeat is under way at a time.
 */
export class Heartbeats {
  readonly #cluster: Cluster;
  readonly #settings: HeartbeatSettings;
  /** The coordinator answered with an error that concerns the membership. */
  readonly #refused: (error: KafkaError) => void;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;
  #failures = 0;
  /** Monotonic time of the last answer. */
  lastAnswerAt: number | undefined;

  constructor(cluster: Cluster, settings: HeartbeatSettings, refused: (error: KafkaError) => void) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#refused = refused;
  }

  /** Beats in this name until `stop`. */
  start(identity: CommitIdentity): void {
    this.stop();
    this.#abort = new AbortController();
    this.#failures = 0;
    this.lastAnswerAt = this.#cluster.system.clock.monotonic();
    this.#arm(identity, this.#settings.heartbeatIntervalMs, this.#abort.signal);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = undefined;
  }

  #arm(identity: CommitIdentity, delayMs: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#timer = this.#cluster.system.clock.after(
      delayMs,
      () => void this.#beat(identity, signal),
    );
  }

  async #beat(identity: CommitIdentity, signal: AbortSignal): Promise<void> {
    const { groupId, heartbeatIntervalMs } = this.#settings;
    let delayMs = heartbeatIntervalMs;
    try {
      await this.#send(identity, signal);
      this.#failures = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asKafkaError(thrown);
      if (movesCoordinator(error)) this.#cluster.forgetCoordinator('group', groupId);
      if (error.retriable || movesCoordinator(error)) {
        delayMs = Math.min(heartbeatIntervalMs, this.#cluster.retryBackoff(this.#failures++));
      } else {
        this.#refused(error);
      }
    }
    this.#arm(identity, delayMs, signal);
  }

  async #send(identity: CommitIdentity, signal: AbortSignal): Promise<void> {
    const { groupId, sessionTimeoutMs, lane } = this.#settings;
    const timeoutMs = Math.min(sessionTimeoutMs, this.#cluster.options.requestTimeoutMs);
    const broker = await this.#cluster.coordinator('group', groupId, { signal, timeoutMs });
    const { memberId, generationId, groupInstanceId } = identity;
    const response = await this.#cluster.send(
      'Heartbeat',
      { groupId, generationId, memberId, groupInstanceId },
      { broker },
      { signal, timeoutMs, lane },
    );
    if (signal.aborted) return;
    const code = errorCodeOf(response.errorCode);
    if (code === 'NONE' || code === 'REBALANCE_IN_PROGRESS') {
      this.lastAnswerAt = this.#cluster.system.clock.monotonic();
    }
    if (code !== 'NONE') throw new KafkaError(code, undefined, { group: groupId });
  }
}
