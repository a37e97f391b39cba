import type { ErrorCode } from '../../../errors/index.js';
import type { Machine } from '../runtime/machine.js';
import type { Outcome, Ticket } from '../runtime/outcome.js';
import type {
  SharePartitionKey,
  ShareStateRecord,
  ShareStateSnapshot,
} from './share-state-records.js';
import { combineBatches, type StateBatch } from './state-batches.js';

/** The start offset of a state that nobody has read from yet. */
export const uninitializedStart = -1;
/** The count of a state whose records nobody has counted. */
export const uncounted = -1;

export type ShareStateOutcome = Outcome<ShareStateRecord>;

export interface ShareStateFault {
  readonly error: ErrorCode;
  readonly message: string | null;
}

/** What a share partition's leader reads at first. */
export interface ReadShareState {
  readonly stateEpoch: number;
  readonly startOffset: number;
  readonly stateBatches: readonly StateBatch[];
}

export interface ShareStateSummary {
  readonly stateEpoch: number;
  readonly leaderEpoch: number;
  readonly startOffset: number;
  readonly deliveryCompleteCount: number;
}

export interface WriteShareState extends ShareStateSummary {
  readonly stateBatches: readonly StateBatch[];
}

interface Known {
  readonly key: SharePartitionKey;
  state: ShareStateSnapshot;
  /** Updates since the snapshot. */
  updates: number;
}

export interface ShareStateConfig {
  /** Updates of a share partition between two snapshots. */
  readonly updatesPerSnapshot: number;
  /** Whether there is such a partition. */
  readonly exists: (topicId: string, partition: number) => boolean;
}

/**
 * The states of share partitions in one partition of `__share_group_state`, as a machine that can
 * be replayed (Kafka's `ShareCoordinatorShard`). Changed by replay alone.
 */
export class ShareStateMachine implements Machine<ShareStateRecord> {
  readonly #states = new Map<string, Known>();
  readonly #config: ShareStateConfig;
  /** Records since all of it was last written anew. */
  #written = 0;

  constructor(config: ShareStateConfig) {
    this.#config = config;
  }

  replay({ kind, key, value }: ShareStateRecord): void {
    this.#written += 1;
    const name = nameOf(key);
    if (kind === 'snapshot') {
      if (value === null) this.#states.delete(name);
      else this.#states.set(name, { key, state: value, updates: 0 });
      return;
    }
    const known = this.#states.get(name);
    // An update without its snapshot says too little to be of use.
    if (known === undefined || value === null) return;
    const isDecided = value.startOffset !== uninitializedStart;
    const startOffset = isDecided ? value.startOffset : known.state.startOffset;
    known.updates += 1;
    known.state = {
      ...known.state,
      leaderEpoch: value.leaderEpoch,
      startOffset,
      deliveryCompleteCount: value.deliveryCompleteCount,
      stateBatches: combineBatches(known.state.stateBatches, value.stateBatches, startOffset),
    };
  }

  replayMarker(): void {
    // Nobody writes here within a transaction.
  }

  loaded(): void {
    // There is nothing that waits for a time.
  }

  get size(): number {
    return this.#states.size;
  }

  /** How many records the log could do without. */
  get redundant(): number {
    return this.#written - this.#states.size;
  }

  /** Makes a state, or makes it anew; nobody has read anything then. */
  initialize(
    key: SharePartitionKey,
    { stateEpoch, startOffset }: Pick<ReadShareState, 'stateEpoch' | 'startOffset'>,
    ticket: Ticket<ShareStateFault | undefined>,
    outcome: ShareStateOutcome,
    now: number,
  ): void {
    const known = this.#states.get(nameOf(key))?.state;
    const fault =
      this.#shapeFault(key) ?? stateEpochFault(known, stateEpoch) ?? this.#topicFault(key);
    if (fault !== undefined) return outcome.answer(ticket, fault);
    const isDecided = startOffset !== uninitializedStart;
    const value: ShareStateSnapshot = {
      snapshotEpoch: known === undefined ? 0 : known.snapshotEpoch + 1,
      stateEpoch,
      leaderEpoch: 0,
      startOffset,
      deliveryCompleteCount: isDecided ? 0 : uncounted,
      createTimestamp: now,
      writeTimestamp: now,
      stateBatches: [],
    };
    outcome.write({ kind: 'snapshot', key, value });
    outcome.answer(ticket, undefined);
  }

  /** The state as its leader needs it; an older leader is fenced from then on. */
  read(
    key: SharePartitionKey,
    leaderEpoch: number,
    ticket: Ticket<ReadShareState | ShareStateFault>,
    outcome: ShareStateOutcome,
    now: number,
  ): void {
    const known = this.#states.get(nameOf(key));
    const fault = this.#accessFault(key, faults.unread, leaderEpoch);
    if (fault !== undefined || known === undefined) {
      return outcome.answer(ticket, fault ?? faults.unread);
    }
    const { stateEpoch, startOffset, stateBatches, deliveryCompleteCount } = known.state;
    if (leaderEpoch > known.state.leaderEpoch) {
      const nothing = { stateEpoch, startOffset, deliveryCompleteCount, stateBatches: [] };
      this.#put(known, { ...nothing, leaderEpoch }, outcome, now);
    }
    outcome.answer(ticket, { stateEpoch, startOffset, stateBatches });
  }

  write(
    key: SharePartitionKey,
    written: WriteShareState,
    ticket: Ticket<ShareStateFault | undefined>,
    outcome: ShareStateOutcome,
    now: number,
  ): void {
    const known = this.#states.get(nameOf(key));
    const { leaderEpoch, stateEpoch } = written;
    const fault = this.#accessFault(key, faults.unwritten, leaderEpoch, stateEpoch);
    if (fault !== undefined || known === undefined) {
      return outcome.answer(ticket, fault ?? faults.unwritten);
    }
    this.#put(known, written, outcome, now);
    outcome.answer(ticket, undefined);
  }

  #put(
    { key, state, updates }: Known,
    written: WriteShareState,
    outcome: ShareStateOutcome,
    now: number,
  ): void {
    const { leaderEpoch, deliveryCompleteCount, stateBatches } = written;
    const isDecided = written.startOffset !== uninitializedStart;
    const startOffset = isDecided ? written.startOffset : state.startOffset;
    const merged = { leaderEpoch, startOffset, deliveryCompleteCount };
    if (updates < this.#config.updatesPerSnapshot) {
      const value = { ...merged, snapshotEpoch: state.snapshotEpoch, stateBatches };
      outcome.write({ kind: 'update', key, value });
      return;
    }
    const value: ShareStateSnapshot = {
      ...merged,
      snapshotEpoch: state.snapshotEpoch + 1,
      stateEpoch: state.stateEpoch,
      createTimestamp: state.createTimestamp,
      writeTimestamp: now,
      stateBatches: combineBatches(state.stateBatches, stateBatches, startOffset),
    };
    outcome.write({ kind: 'snapshot', key, value });
  }

  /** Takes a state away; one that is not there is gone already. */
  delete(
    key: SharePartitionKey,
    ticket: Ticket<ShareStateFault | undefined>,
    outcome: ShareStateOutcome,
  ): void {
    const fault = this.#shapeFault(key);
    if (fault === undefined && this.#states.has(nameOf(key))) {
      outcome.write({ kind: 'snapshot', key, value: null });
    }
    outcome.answer(ticket, fault);
  }

  /** Answers `undefined` where there is no state. */
  summary(
    key: SharePartitionKey,
    ticket: Ticket<ShareStateSummary | undefined>,
    outcome: ShareStateOutcome,
  ): void {
    outcome.answer(ticket, this.#states.get(nameOf(key))?.state);
  }

  /** The topic is no more, and with it all its states. */
  forgetTopic(topicId: string, ticket: Ticket<number>, outcome: ShareStateOutcome): void {
    outcome.divisible = true;
    for (const { key } of this.#states.values()) {
      if (key.topicId === topicId) outcome.write({ kind: 'snapshot', key, value: null });
    }
    outcome.answer(ticket, outcome.records.length);
  }

  /** Writes every state anew, after which nothing that was written before is needed. */
  rewrite(ticket: Ticket<number>, outcome: ShareStateOutcome, now: number): void {
    outcome.divisible = true;
    for (const { key, state } of this.#states.values()) {
      const value = { ...state, snapshotEpoch: state.snapshotEpoch + 1, writeTimestamp: now };
      outcome.write({ kind: 'snapshot', key, value });
    }
    this.#written = 0;
    outcome.answer(ticket, outcome.records.length);
  }

  /** Everything the machine knows that a replay of its log must bring back; for tests. */
  snapshot(): ReadonlyMap<string, ShareStateSnapshot> {
    return new Map(Array.from(this.#states, ([name, { state }]) => [name, state]));
  }

  #shapeFault({ groupId, partition }: SharePartitionKey): ShareStateFault | undefined {
    if (partition < 0) return faults.partition;
    return groupId === '' ? faults.group : undefined;
  }

  #topicFault({ topicId, partition }: SharePartitionKey): ShareStateFault | undefined {
    return this.#config.exists(topicId, partition) ? undefined : faults.topic;
  }

  /** Why whoever believes in these epochs gets no further; in the order in which Kafka looks. */
  #accessFault(
    key: SharePartitionKey,
    absent: ShareStateFault,
    leaderEpoch: number,
    stateEpoch = anyEpoch,
  ): ShareStateFault | undefined {
    const fault = this.#shapeFault(key);
    if (fault !== undefined) return fault;
    const state = this.#states.get(nameOf(key))?.state;
    if (state === undefined) return absent;
    if (leaderEpoch !== anyEpoch && leaderEpoch < state.leaderEpoch) return faults.leaderEpoch;
    return stateEpochFault(state, stateEpoch) ?? this.#topicFault(key);
  }
}

/** What somebody says who does not lead, or does not know. */
const anyEpoch = -1;

function stateEpochFault(
  state: ShareStateSnapshot | undefined,
  stateEpoch: number,
): ShareStateFault | undefined {
  if (state === undefined || stateEpoch === anyEpoch) return undefined;
  return stateEpoch < state.stateEpoch ? faults.stateEpoch : undefined;
}

const faults = {
  group: { error: 'INVALID_REQUEST', message: 'A share partition has a group.' },
  partition: {
    error: 'INVALID_REQUEST',
    message: 'The partition id cannot be a negative number.',
  },
  topic: {
    error: 'UNKNOWN_TOPIC_OR_PARTITION',
    message: 'This server does not host this topic-partition.',
  },
  leaderEpoch: {
    error: 'FENCED_LEADER_EPOCH',
    message: 'The leader epoch in the request is older than the epoch on the broker.',
  },
  stateEpoch: {
    error: 'FENCED_STATE_EPOCH',
    message:
      'The share coordinator rejected the request because the share-group state epoch did not ' +
      'match.',
  },
  unread: {
    error: 'INVALID_REQUEST',
    message: 'Read operation on uninitialized share partition not allowed.',
  },
  unwritten: {
    error: 'INVALID_REQUEST',
    message: 'Write operation on uninitialized share partition not allowed.',
  },
} as const satisfies Record<string, ShareStateFault>;

export function isShareStateFault(answer: object | undefined): answer is ShareStateFault {
  return answer !== undefined && 'error' in answer;
}

function nameOf({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}
