import { KafkaError } from '../../errors/index.js';

/** More nodes in one process would show nobody anything new. */
export const nodesMax = 32;

/**
 * The nodes of the cluster, which are ids and whether they run; all of them live in this process
 * and share its disk. The ids count up from that of the data directory.
 */
export class Nodes {
  /** All ids, ascending. */
  readonly ids: readonly number[];
  readonly #running: Set<number>;

  constructor(firstId: number, count = 1) {
    if (!Number.isInteger(count) || count < 1 || count > nodesMax) {
      throw new KafkaError('INVALID_ARGUMENT', `A cluster has 1 to ${nodesMax} brokers here.`);
    }
    this.ids = Array.from({ length: count }, (_, at) => firstId + at);
    this.#running = new Set(this.ids);
  }

  /** The ids of the nodes that run, ascending. */
  get running(): readonly number[] {
    return this.ids.filter((id) => this.#running.has(id));
  }

  /** The node that clients are told is the controller: the first that runs, -1 without any. */
  get controllerId(): number {
    return this.running[0] ?? -1;
  }

  has(id: number): boolean {
    return this.ids.includes(id);
  }

  isRunning(id: number): boolean {
    return this.#running.has(id);
  }

  setRunning(id: number, running: boolean): void {
    if (running) this.#running.add(id);
    else this.#running.delete(id);
  }

  /** Those of the replicas that are in sync: with one disk for all, whoever runs. */
  inSync(replicas: readonly number[]): readonly number[] {
    return replicas.filter((id) => this.#running.has(id));
  }

  /** Those of the replicas whose node does not run. */
  offline(replicas: readonly number[]): number[] {
    return replicas.filter((id) => !this.#running.has(id));
  }

  /** Who leads a partition with these replicas: the first in sync, -1 without any. */
  leaderAmong(replicas: readonly number[]): number {
    return replicas.find((id) => this.#running.has(id)) ?? -1;
  }

  /**
   * Replicas for new partitions, one node further for each, so that leaders and followers are
   * spread. `start` says where the first begins.
   */
  spread(partitions: number, replicationFactor: number, start: number): number[][] {
    const from = this.running.length >= replicationFactor ? this.running : this.ids;
    const factor = Math.min(replicationFactor, from.length);
    const at = (index: number): number => from[index % from.length] ?? this.controllerId;
    return Array.from({ length: partitions }, (_, partition) =>
      Array.from({ length: factor }, (__, replica) => at(start + partition + replica)),
    );
  }

  /**
   * The replicas of a partition as they are written down, without nodes that are not there any
   * more; a partition none of whose nodes is there goes to one that is.
   */
  known(replicas: readonly number[], partition: number): readonly number[] {
    const left = replicas.filter((id) => this.has(id));
    return left.length > 0 ? left : (this.spread(1, 1, partition)[0] ?? []);
  }
}
