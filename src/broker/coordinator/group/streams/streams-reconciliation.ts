import { KafkaError } from '../../../../errors/index.js';
import { type StreamsMember, streamsMemberState } from './streams-member.js';
import {
  type ActiveTasks,
  type OwnedTasks,
  ownsAny,
  ownsNoTasks,
  sharesAny,
  type TargetTasks,
  type Tasks,
} from './tasks.js';

/** Who runs a task at present, by the ids of processes. */
export interface TaskHolders {
  activeOf(subtopologyId: string, partition: number): string | undefined;
  /** Whether a process stands by for the task, or warms it up. */
  isCopiedBy(processId: string, subtopologyId: string, partition: number): boolean;
}

export interface StreamsReconciliationInput {
  readonly targetEpoch: number;
  readonly target: TargetTasks;
  /** What the member says it has; null when it says nothing. */
  readonly reported: TargetTasks | null;
  readonly holders: TaskHolders;
}

/**
 * One step of a member towards its target (Kafka's `CurrentAssignmentBuilder` for streams): first
 * it gives back what the target does not have, and keeps its epoch until it reports that it has;
 * then it takes the epoch of the target and whatever is free. A task is free when nobody runs it,
 * and when the member's own process, whose members share a state directory, does not copy it.
 * Gives the very same member back when there is nothing to do. Fails with FENCED_MEMBER_EPOCH when
 * the member's state is one of a newer Kafka's and it still has tasks.
 */
export function streamsReconciled(
  member: StreamsMember,
  input: StreamsReconciliationInput,
): StreamsMember {
  const { reported, targetEpoch } = input;
  switch (member.state) {
    case streamsMemberState.stable:
      return member.epoch === targetEpoch ? member : nextStep(member, member.epoch, input);
    case streamsMemberState.unrevoked:
      if (reported === null || sharesAny(reported, member.revoking)) return member;
      return nextStep(member, member.epoch + 1, input);
    case streamsMemberState.unreleased:
      return nextStep(member, member.epoch, input);
    default:
      if (reported !== null && isEmpty(reported)) return nextStep(member, targetEpoch, input);
      throw new KafkaError(
        'FENCED_MEMBER_EPOCH',
        'The streams group member is in a unknown state. The member must abandon all its tasks ' +
          'and rejoin.',
      );
  }
}

function isEmpty({ active, standby, warmup }: TargetTasks): boolean {
  return active.size + standby.size + warmup.size === 0;
}

function nextStep(
  member: StreamsMember,
  epoch: number,
  input: StreamsReconciliationInput,
): StreamsMember {
  const { target, targetEpoch, reported, holders } = input;
  const { processId, assigned } = member;
  const isMine = (id: string, partition: number) => holders.activeOf(id, partition) === processId;
  const isCopied = (id: string, partition: number) => holders.isCopiedBy(processId, id, partition);
  const active = activeStep(
    assigned.active,
    target.active,
    targetEpoch,
    (id, partition) => holders.activeOf(id, partition) !== undefined || isCopied(id, partition),
  );
  const isTaken = (id: string, partition: number) =>
    isMine(id, partition) || isCopied(id, partition);
  const standby = copyStep(assigned.standby, target.standby, isTaken);
  const warmup = copyStep(assigned.warmup, target.warmup, isTaken);
  const revoking: OwnedTasks = {
    active: active.revoking,
    standby: standby.revoking,
    warmup: warmup.revoking,
  };
  if (ownsAny(revoking) && (reported === null || sharesAny(reported, revoking))) {
    const kept = { active: active.kept, standby: standby.kept, warmup: warmup.kept };
    const epochs = { epoch, previousEpoch: member.epoch };
    return { ...member, ...epochs, state: streamsMemberState.unrevoked, assigned: kept, revoking };
  }
  const isWaiting = active.isWaiting || standby.isWaiting || warmup.isWaiting;
  return {
    ...member,
    epoch: targetEpoch,
    previousEpoch: member.epoch,
    state: isWaiting ? streamsMemberState.unreleased : streamsMemberState.stable,
    assigned: { active: active.all, standby: standby.all, warmup: warmup.all },
    revoking: ownsNoTasks,
  };
}

type IsTaken = (subtopologyId: string, partition: number) => boolean;

function activeStep(current: ActiveTasks, target: Tasks, targetEpoch: number, isTaken: IsTaken) {
  const kept = new Map<string, Map<number, number>>();
  const revoking = new Map<string, Map<number, number>>();
  const all = new Map<string, Map<number, number>>();
  let isWaiting = false;
  for (const id of new Set([...target.keys(), ...current.keys()])) {
    const wanted = new Set(target.get(id));
    for (const [partition, epoch] of current.get(id) ?? []) {
      const isKept = wanted.delete(partition);
      put(isKept ? kept : revoking, id, partition, epoch);
      if (isKept) put(all, id, partition, epoch);
    }
    for (const partition of wanted) {
      if (isTaken(id, partition)) isWaiting = true;
      else put(all, id, partition, targetEpoch);
    }
  }
  return { kept, revoking, all, isWaiting };
}

function copyStep(current: Tasks, target: Tasks, isTaken: IsTaken) {
  const kept = new Map<string, number[]>();
  const revoking = new Map<string, number[]>();
  const all = new Map<string, number[]>();
  let isWaiting = false;
  for (const id of new Set([...target.keys(), ...current.keys()])) {
    const wanted = target.get(id) ?? [];
    const had = current.get(id) ?? [];
    const stays = had.filter((partition) => wanted.includes(partition));
    const goes = had.filter((partition) => !wanted.includes(partition));
    const missing = wanted.filter((partition) => !had.includes(partition));
    const coming = missing.filter((partition) => !isTaken(id, partition));
    if (coming.length < missing.length) isWaiting = true;
    if (stays.length > 0) kept.set(id, stays);
    if (goes.length > 0) revoking.set(id, goes);
    if (stays.length + coming.length > 0) {
      all.set(
        id,
        [...stays, ...coming].sort((a, b) => a - b),
      );
    }
  }
  return { kept, revoking, all, isWaiting };
}

function put(
  tasks: Map<string, Map<number, number>>,
  subtopologyId: string,
  partition: number,
  epoch: number,
): void {
  const partitions = tasks.get(subtopologyId);
  if (partitions === undefined) tasks.set(subtopologyId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}
