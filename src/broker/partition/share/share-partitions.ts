import type { Clock, Logger } from '../../../system/index.js';
import { isShareStateFault, type ShareCoordinator } from '../../coordinator/share-coordinator.js';
import type { SharePartitionKey } from '../../coordinator/share/share-state-records.js';
import type { TopicRegistry } from '../../metadata/topic-registry.js';
import type { Partition } from '../partition.js';
import type { DeadLetterQueue } from './dead-letter-queue.js';
import { LiveSharePartition } from './live-share-partition.js';
import type { ShareFault } from './share-partition.js';
import type { ShareSettings } from './share-settings.js';

export interface SharePartitionsParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: TopicRegistry;
  readonly states: ShareCoordinator;
  readonly settingsOf: (groupId: string) => ShareSettings;
  readonly deadLetters: DeadLetterQueue;
}

/** An epoch with which a state is read for being looked at only. */
const uninitialized = -1;

/**
 * The share partitions that members use, each read from the share coordinator at first use (Kafka's
 * `SharePartitionManager`). As many as there are partitions that groups have been assigned.
 */
export class SharePartitions {
  readonly #parts: SharePartitionsParts;
  readonly #live = new Map<string, LiveSharePartition>();
  readonly #opening = new Map<string, Promise<LiveSharePartition | ShareFault>>();

  constructor(parts: SharePartitionsParts) {
    this.#parts = parts;
    parts.topics.onDeleted(({ id }) => this.#dropWhere((key) => key.topicId === id, gone));
  }

  /** The share partition, or why there is none. */
  open(key: SharePartitionKey): LiveSharePartition | Promise<LiveSharePartition | ShareFault> {
    const name = nameOf(key);
    const live = this.#live.get(name);
    if (live !== undefined) return live;
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#read(key, name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  /** The share partition if somebody uses it. */
  peek(key: SharePartitionKey): LiveSharePartition | undefined {
    return this.#live.get(nameOf(key));
  }

  /** The states of a group were made anew or taken away: what is known of them is of no use. */
  drop(groupId: string, topicIds: ReadonlySet<string>): void {
    this.#dropWhere((key) => key.groupId === groupId && topicIds.has(key.topicId), fenced);
  }

  /** Gives back all that a member holds. */
  async release(groupId: string, memberId: string): Promise<void> {
    const theirs = [...this.#live].filter(([name]) => keyOf(name).groupId === groupId);
    await Promise.all(theirs.map(([, live]) => live.release(memberId)));
  }

  /** What rules the share partitions of a group. */
  settingsOf(groupId: string): ShareSettings {
    return this.#parts.settingsOf(groupId);
  }

  close(): void {
    this.#dropWhere(() => true, gone);
  }

  #dropWhere(belongs: (key: SharePartitionKey) => boolean, fault: ShareFault): void {
    for (const [name, live] of [...this.#live]) {
      if (!belongs(keyOf(name))) continue;
      this.#live.delete(name);
      live.close(fault);
    }
  }

  async #read(key: SharePartitionKey, name: string): Promise<LiveSharePartition | ShareFault> {
    const { clock, topics, states, settingsOf, deadLetters } = this.#parts;
    const partition = topics.byId(key.topicId)?.partitions[key.partition];
    if (partition === undefined) return gone;
    const state = await states.read(key, partition.leaderEpoch);
    if (isShareStateFault(state)) {
      const isUnknown = state.error === 'INVALID_REQUEST';
      return isUnknown ? { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: state.message } : state;
    }
    const start = await this.#startOf(key, partition, state.startOffset);
    const live = new LiveSharePartition(
      {
        clock,
        partition,
        settings: () => settingsOf(key.groupId),
        write: (written) => states.write(key, written),
        bury: (dead) => deadLetters.bury(key.groupId, partition, dead),
        onBroken: (fault) => this.#forget(name, live, fault),
      },
      start,
      state,
    );
    if (partition.deleted) {
      live.close(gone);
      return gone;
    }
    this.#live.set(name, live);
    return live;
  }

  #forget(name: string, live: LiveSharePartition, { error, message }: ShareFault): void {
    if (this.#live.get(name) === live) this.#live.delete(name);
    this.#parts.logger.warn(`The share partition ${name} is read again: ${message ?? error}`);
  }

  /** Where a group goes on; where it begins, if it has read nothing yet. */
  async #startOf(key: SharePartitionKey, partition: Partition, known: number): Promise<number> {
    const { highWatermark, logStartOffset } = partition;
    if (known !== uninitialized) {
      if (known > highWatermark) {
        // Records have been lost; or an administrator has set an offset that is not there yet.
        this.#parts.logger.warn(
          `The share partition ${nameOf(key)} begins at ${known}, behind the end of the log: ` +
            `it goes on at ${highWatermark}.`,
        );
      }
      return Math.min(Math.max(known, logStartOffset), highWatermark);
    }
    const { autoOffsetReset } = this.#parts.settingsOf(key.groupId);
    if (autoOffsetReset === 'earliest') return logStartOffset;
    if (autoOffsetReset === 'latest') return highWatermark;
    const since = this.#parts.clock.now() - autoOffsetReset.byDurationMs;
    const found = await partition.log.offsetForTimestamp(since, highWatermark);
    return found?.offset ?? highWatermark;
  }
}

const gone: ShareFault = { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: null };
const fenced: ShareFault = { error: 'FENCED_STATE_EPOCH', message: null };

function nameOf({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}

/** Topic ids and numbers have no colon; groups may have. */
function keyOf(name: string): SharePartitionKey {
  const parts = name.split(':');
  const partition = Number(parts.pop());
  const topicId = parts.pop() ?? '';
  return { groupId: parts.join(':'), topicId, partition };
}
