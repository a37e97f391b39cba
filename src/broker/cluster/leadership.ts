import type { ErrorCode } from '../../errors/index.js';
import type { PartitionMove, TopicRegistry } from '../metadata/topic-registry.js';
import type { Topic } from '../metadata/topic.js';
import type { Partition } from '../partition/partition.js';
import type { Nodes } from './nodes.js';

/** What comes of an election: NONE, or why the leader stays. */
export type ElectionResult = Extract<
  ErrorCode,
  | 'NONE'
  | 'ELECTION_NOT_NEEDED'
  | 'PREFERRED_LEADER_NOT_AVAILABLE'
  | 'ELIGIBLE_LEADERS_NOT_AVAILABLE'
>;

/**
 * Who leads which partition while nodes stop and start (what Kafka's `ReplicationControlManager`
 * does). A partition whose leader stops gets the next of its replicas that runs, in a new leader
 * epoch; it gets the preferred one back by an election only.
 */
export class Leadership {
  readonly #nodes: Nodes;
  readonly #topics: TopicRegistry;
  /** Moves are written down one after the other, so that epochs only grow. */
  #moving: Promise<void> = Promise.resolve();

  constructor(nodes: Nodes, topics: TopicRegistry) {
    this.#nodes = nodes;
    this.#topics = topics;
  }

  /** Takes the leadership of a node away, which has stopped. */
  nodeStopped(nodeId: number): Promise<void> {
    return this.#queue(async () => {
      this.#nodes.setRunning(nodeId, false);
      await this.#moveAll((partition) => partition.leader === nodeId);
    });
  }

  /** A node has started: what had no leader gets one. */
  nodeStarted(nodeId: number): Promise<void> {
    return this.#queue(async () => {
      this.#nodes.setRunning(nodeId, true);
      await this.#moveAll((partition) => partition.leader < 0);
    });
  }

  /**
   * Makes the preferred replica the leader, or, `unclean`, gives one to a partition that has none.
   */
  async elect(topic: Topic, partition: Partition, unclean: boolean): Promise<ElectionResult> {
    let result: ElectionResult = 'NONE';
    await this.#queue(async () => {
      const { replicas, leader } = partition;
      const wanted = unclean ? this.#nodes.leaderAmong(replicas) : (replicas[0] ?? -1);
      if (unclean ? leader >= 0 : leader === wanted) result = 'ELECTION_NOT_NEEDED';
      else if (!this.#nodes.isRunning(wanted)) {
        result = unclean ? 'ELIGIBLE_LEADERS_NOT_AVAILABLE' : 'PREFERRED_LEADER_NOT_AVAILABLE';
      } else await this.#topics.place([moved(topic, partition, replicas, wanted)]);
    });
    return result;
  }

  /**
   * Gives a partition to other nodes, which takes no time where all share one disk. The leader
   * stays if it is among them.
   */
  reassign(topic: Topic, partition: Partition, replicas: readonly number[]): Promise<void> {
    return this.#queue(async () => {
      const stays = replicas.includes(partition.leader);
      const leader = stays ? partition.leader : this.#nodes.leaderAmong(replicas);
      await this.#topics.place([moved(topic, partition, replicas, leader)]);
    });
  }

  /** Leads every partition by its preferred replica where that runs. */
  rebalance(): Promise<void> {
    return this.#queue(() =>
      this.#moveAll(
        ({ leader, replicas: [preferred = -1] }) =>
          leader !== preferred && this.#nodes.isRunning(preferred),
      ),
    );
  }

  async #moveAll(which: (partition: Partition) => boolean): Promise<void> {
    const moves: PartitionMove[] = [];
    for (const topic of this.#topics.all()) {
      for (const partition of topic.partitions) {
        const { replicas } = partition;
        const leader = this.#nodes.leaderAmong(replicas);
        if (!which(partition) || leader === partition.leader) continue;
        moves.push(moved(topic, partition, replicas, leader));
      }
    }
    await this.#topics.place(moves);
  }

  #queue(run: () => Promise<void>): Promise<void> {
    const next = this.#moving.then(run);
    // Whoever asked hears of the failure; the next move must not.
    this.#moving = next.catch(() => undefined);
    return next;
  }
}

function moved(
  topic: Topic,
  partition: Partition,
  replicas: readonly number[],
  leader: number,
): PartitionMove {
  const isNewLeader = leader !== partition.leader;
  const leaderEpoch = partition.leaderEpoch + (isNewLeader ? 1 : 0);
  return { topic, partition, replicas, leader, leaderEpoch };
}
