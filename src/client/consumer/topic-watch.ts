import type { Timer } from '../../system/index.js';
import type { Cluster, ClusterMetadata } from '../cluster/index.js';
import { asKafkaError } from './offset-lookup.js';

/**
 * Which topics a subscription means, how many partitions they have, and when that changes: an
 * expression is matched against all topics of the cluster, and names that are not there yet are
 * looked for until they are.
 */
export class TopicWatch {
  readonly #cluster: Cluster;
  readonly #wanted: readonly string[] | RegExp;
  readonly #maxAgeMs: number;
  readonly #changed: (reason: string) => void;
  /** Topics of other members, when this one leads the group. */
  #others: readonly string[] = [];
  #withCounts = true;
  #seen: string | undefined;
  #timer: Timer | undefined;
  /** The topics that `#seen` is about. */
  #names: readonly string[] = [];
  #unsubscribe: (() => void) | undefined;
  #unkeep: (() => void) | undefined;
  /** Looks in a row at which a topic was missing. */
  #misses = 0;
  #isStopped = false;

  constructor(
    cluster: Cluster,
    wanted: readonly string[] | RegExp,
    maxAgeMs: number,
    changed: (reason: string) => void,
  ) {
    this.#cluster = cluster;
    this.#wanted = wanted;
    this.#maxAgeMs = maxAgeMs;
    this.#changed = changed;
  }

  /** The topics meant, looked up anew where an expression is given; names need not exist. */
  async topics(signal?: AbortSignal): Promise<string[]> {
    if (!(this.#wanted instanceof RegExp)) return [...this.#wanted];
    return this.#matching(await this.#cluster.refresh('all', { signal }));
  }

  /** How many partitions each of the topics has; those that do not exist are left out. */
  async partitionCounts(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, number>> {
    const metadata = await this.#cluster.refresh(topics, { signal, allowAutoCreate: true });
    const counts = new Map<string, number>();
    for (const name of topics) {
      const count = metadata.topics.get(name)?.partitions.length ?? 0;
      if (count > 0) counts.set(name, count);
    }
    return counts;
  }

  /** In which racks the replicas of a partition lie, as far as the brokers have racks. */
  racksOf(topic: string, partition: number): Set<string> {
    const { topics, brokers } = this.#cluster.metadata();
    const racks = new Set<string>();
    for (const id of topics.get(topic)?.partitions[partition]?.replicas ?? []) {
      const rack = brokers.get(id)?.rack ?? null;
      if (rack !== null) racks.add(rack);
    }
    return racks;
  }

  /**
   * Takes the present state as known and reports what differs from it later: other topics, and
   * with `counts` other numbers of partitions. `others` are topics of other members.
   */
  remember(others: readonly string[], counts: boolean): void {
    if (this.#isStopped) return;
    this.#others = others;
    this.#withCounts = counts;
    this.#seen = this.#signature(this.#cluster.metadata());
    this.#unsubscribe ??= this.#cluster.onMetadata((metadata) => this.#compare(metadata));
    // A topic that drops out of the metadata would look as if it had been deleted.
    this.#unkeep ??= this.#cluster.keep(() => this.#names);
    this.#arm();
  }

  /** Reports nothing until `remember` is called again. */
  forget(): void {
    this.#seen = undefined;
    this.#timer?.cancel();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe?.();
    this.#unkeep?.();
    this.forget();
  }

  #compare(metadata: ClusterMetadata): void {
    if (this.#seen === undefined) return;
    const now = this.#signature(metadata);
    if (now === this.#seen) return;
    this.forget();
    this.#changed('the topics or their partitions have changed');
  }

  #signature(metadata: ClusterMetadata): string {
    const own = this.#wanted instanceof RegExp ? this.#matching(metadata) : this.#wanted;
    const names = [...new Set([...own, ...this.#others])].sort();
    this.#names = names;
    if (!this.#withCounts) return names.join('\n');
    const count = (name: string): number => metadata.topics.get(name)?.partitions.length ?? 0;
    return names.map((name) => `${name} ${count(name)}`).join('\n');
  }

  #matching(metadata: ClusterMetadata): string[] {
    if (!(this.#wanted instanceof RegExp)) return [...this.#wanted];
    const names: string[] = [];
    for (const topic of metadata.topics.values()) {
      // A stateful expression would match every other time.
      this.#wanted.lastIndex = 0;
      const usable = !topic.internal && topic.partitions.length > 0;
      if (usable && this.#wanted.test(topic.name)) names.push(topic.name);
    }
    return names.sort();
  }

  #arm(): void {
    this.#timer?.cancel();
    const { topics } = this.#cluster.metadata();
    const names = this.#wanted instanceof RegExp ? [] : this.#wanted;
    const isMissing = names.some((name) => (topics.get(name)?.partitions.length ?? 0) === 0);
    const soonMs = isMissing ? this.#cluster.retryBackoff(this.#misses++) : this.#maxAgeMs;
    if (!isMissing) this.#misses = 0;
    const delayMs = Math.min(soonMs, this.#maxAgeMs);
    this.#timer = this.#cluster.system.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const names = this.#wanted instanceof RegExp ? 'all' : [...this.#wanted, ...this.#others];
    try {
      this.#compare(await this.#cluster.refresh(names, { allowAutoCreate: names !== 'all' }));
    } catch (error) {
      const { message } = asKafkaError(error);
      this.#cluster.logger.debug('the topics of a subscription could not be looked up', {
        message,
      });
    }
    if (this.#seen !== undefined && !this.#isStopped) this.#arm();
  }
}
