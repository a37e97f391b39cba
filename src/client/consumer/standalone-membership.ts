import type { Cluster } from '../cluster/index.js';
import { Bell } from './bell.js';
import type { TopicPartition } from './consumer-options.js';
import type { CommitIdentity } from './group-offsets.js';
import type { Membership, MembershipHost, MembershipPhase } from './membership.js';
import { asKafkaError } from './offset-lookup.js';
import { without } from './topic-partitions.js';
import { TopicWatch } from './topic-watch.js';

/**
 * Reads without taking part in a group: either fixed partitions, or all there are of some topics,
 * new ones included. With a group id, offsets are still committed, as a "simple" consumer that
 * the coordinator accepts while the group has no members.
 */
export class StandaloneMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #wanted: readonly TopicPartition[] | TopicWatch;
  readonly #host: MembershipHost;
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  #phase: MembershipPhase = 'joining';
  #hasChanged = false;
  readonly memberId = '';
  readonly generationId = -1;
  readonly lastHeartbeatAt = undefined;

  constructor(
    cluster: Cluster,
    wanted: readonly TopicPartition[] | { readonly topics: readonly string[] | RegExp },
    metadataMaxAgeMs: number,
    host: MembershipHost,
  ) {
    this.#cluster = cluster;
    this.#host = host;
    this.#wanted =
      'topics' in wanted
        ? new TopicWatch(cluster, wanted.topics, metadataMaxAgeMs, () => {
            this.#hasChanged = true;
            this.#bell.ring();
          })
        : wanted;
  }

  get phase(): MembershipPhase {
    return this.#phase;
  }

  identity(): CommitIdentity {
    return { memberId: '', generationId: -1, groupInstanceId: null };
  }

  start(): void {
    void this.#run();
  }

  asked(): void {}

  /** Nobody waits for these partitions, so a slow loop keeps them. */
  expel(): void {}

  refused(): void {}

  rejoin(): void {}

  close(): Promise<void> {
    this.#phase = 'over';
    this.#abort.abort();
    if (this.#wanted instanceof TopicWatch) this.#wanted.stop();
    this.#bell.ring();
    return Promise.resolve();
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let attempt = 0; !this.#isOver; ) {
      try {
        const partitions = await this.#partitions();
        const gone = without(this.#host.owned(), partitions);
        if (gone.length > 0) await this.#host.lost(gone);
        await this.#host.assigned(partitions);
        if (!this.#isOver) this.#phase = 'stable';
        attempt = 0;
        if (!(this.#wanted instanceof TopicWatch)) return;
        while (!this.#hasChanged && !this.#isOver) await this.#bell.wait();
      } catch (thrown) {
        if (this.#isOver) return;
        const error = asKafkaError(thrown);
        if (!error.retriable) {
          this.#host.failed(error);
          return;
        }
        this.#host.troubled(error);
        await this.#cluster.delay(this.#cluster.retryBackoff(attempt++), signal).catch(ignore);
      }
    }
  }

  async #partitions(): Promise<readonly TopicPartition[]> {
    const { signal } = this.#abort;
    if (!(this.#wanted instanceof TopicWatch)) {
      const topics = [...new Set(this.#wanted.map(({ topic }) => topic))];
      await this.#cluster.metadataFor(topics, { signal, allowAutoCreate: true });
      return this.#wanted;
    }
    this.#hasChanged = false;
    const names = await this.#wanted.topics(signal);
    const counts = await this.#wanted.partitionCounts(names, signal);
    this.#wanted.remember([], true);
    return [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
  }
}

/** A pause is cut short by closing, which the loop sees by itself. */
function ignore(): void {}
