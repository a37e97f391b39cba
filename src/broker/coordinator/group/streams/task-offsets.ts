import { KafkaError } from '../../../../errors/index.js';
import type { StreamsHeartbeat, TaskOffset } from './streams-messages.js';

/**
 * How far a member said that the state on its disk is, and how far it could be; a sum over the
 * changelogs of each task (Kafka's `MemberTaskOffsets`). Known until the member goes or the
 * coordinator does: members say it again every now and then.
 */
export interface MemberTaskOffsets {
  readonly offsets: readonly TaskOffset[];
  readonly endOffsets: readonly TaskOffset[];
}

export const noTaskOffsets: MemberTaskOffsets = { offsets: [], endOffsets: [] };

/** What a heartbeat leaves of it; null lists change nothing. */
export function updatedTaskOffsets(
  before: MemberTaskOffsets,
  { taskOffsets, taskEndOffsets }: Pick<StreamsHeartbeat, 'taskOffsets' | 'taskEndOffsets'>,
): MemberTaskOffsets {
  return {
    offsets: taskOffsets === null ? before.offsets : sorted(taskOffsets),
    endOffsets: taskEndOffsets === null ? before.endOffsets : sorted(taskEndOffsets),
  };
}

/** Fails with INVALID_REQUEST where a task is there twice. */
function sorted(offsets: readonly TaskOffset[]): TaskOffset[] {
  const all = [...offsets].sort(byTask);
  for (const [at, one] of all.entries()) {
    const next = all[at + 1];
    if (next === undefined || byTask(one, next) !== 0) continue;
    const { subtopologyId, partition } = one;
    throw new KafkaError(
      'INVALID_REQUEST',
      `Task offsets contain a duplicate entry for subtopology ${subtopologyId} and partition ` +
        `${partition}.`,
    );
  }
  return all;
}

function byTask(one: TaskOffset, other: TaskOffset): number {
  if (one.subtopologyId !== other.subtopologyId) {
    return one.subtopologyId < other.subtopologyId ? -1 : 1;
  }
  return one.partition - other.partition;
}
