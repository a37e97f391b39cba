import {
  type Assignment,
  ascending,
  isSameAssignment,
  isSameOwned,
  noPartitions,
  type OwnedPartitions,
  ownsNothing,
} from '../consumer/assignment.js';

/** Tasks by the id of their subtopology: ascending, and no subtopology without any. */
export type Tasks = Assignment;

/** Active tasks; each with the member epoch at which it was assigned. */
export type ActiveTasks = OwnedPartitions;

/** What a member shall run: a standby keeps a copy of a task's state, a warm-up builds one. */
export interface TargetTasks {
  readonly active: Tasks;
  readonly standby: Tasks;
  readonly warmup: Tasks;
}

export interface OwnedTasks {
  readonly active: ActiveTasks;
  readonly standby: Tasks;
  readonly warmup: Tasks;
}

export const noTasks: TargetTasks = {
  active: noPartitions,
  standby: noPartitions,
  warmup: noPartitions,
};

export const ownsNoTasks: OwnedTasks = {
  active: ownsNothing,
  standby: noPartitions,
  warmup: noPartitions,
};

/** As requests and answers name tasks. */
export interface TaskIds {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

export function tasksOf(ids: Iterable<TaskIds>): Tasks {
  const tasks = new Map<string, readonly number[]>();
  for (const { subtopologyId, partitions } of ids) {
    const all = new Set([...(tasks.get(subtopologyId) ?? []), ...partitions]);
    if (all.size > 0) tasks.set(subtopologyId, ascending(all));
  }
  return tasks;
}

/** In the order of the subtopologies' ids. */
export function idsOf(tasks: Tasks): { subtopologyId: string; partitions: number[] }[] {
  return sortedByKey(tasks).map(([subtopologyId, partitions]) => ({
    subtopologyId,
    partitions: [...partitions],
  }));
}

export function isSameTarget(one: TargetTasks, other: TargetTasks): boolean {
  return (
    isSameAssignment(one.active, other.active) &&
    isSameAssignment(one.standby, other.standby) &&
    isSameAssignment(one.warmup, other.warmup)
  );
}

export function isSameOwnedTasks(one: OwnedTasks, other: OwnedTasks): boolean {
  return (
    isSameOwned(one.active, other.active) &&
    isSameAssignment(one.standby, other.standby) &&
    isSameAssignment(one.warmup, other.warmup)
  );
}

export function ownsAny({ active, standby, warmup }: OwnedTasks): boolean {
  return active.size + standby.size + warmup.size > 0;
}

/** Without the epochs. */
export function plainTasks({ active, standby, warmup }: OwnedTasks): TargetTasks {
  const plain = Array.from(
    active,
    ([id, partitions]) => [id, ascending(partitions.keys())] as const,
  );
  return { active: new Map(plain), standby, warmup };
}

/** Whether the one names a task of the other, in the same role. */
export function sharesAny(one: TargetTasks, other: OwnedTasks): boolean {
  const others = plainTasks(other);
  return (
    shares(one.active, others.active) ||
    shares(one.standby, others.standby) ||
    shares(one.warmup, others.warmup)
  );
}

function shares(one: Tasks, other: Tasks): boolean {
  for (const [id, partitions] of one) {
    const others = other.get(id);
    if (others !== undefined && partitions.some((partition) => others.includes(partition))) {
      return true;
    }
  }
  return false;
}

/** Whether all tasks of the one are among those of the other. */
export function isWithin(one: Tasks, other: Tasks): boolean {
  for (const [id, partitions] of one) {
    const others = other.get(id) ?? [];
    if (!partitions.every((partition) => others.includes(partition))) return false;
  }
  return true;
}

export function sortedByKey<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
