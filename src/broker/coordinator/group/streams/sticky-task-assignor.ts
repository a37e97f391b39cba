import { KafkaError } from '../../../../errors/index.js';
import type { TaskOffset } from './streams-messages.js';
import { type TargetTasks, tasksOf } from './tasks.js';

/** A member as the assignor sees it. */
export interface TaskAssignorMember {
  readonly memberId: string;
  /** Members of one process share its state directory: no task needs to be there twice. */
  readonly processId: string;
  /** What it was to have until now. */
  readonly current: TargetTasks;
  /** How far it has state on its disk, of tasks that it runs, stands by for, or had once. */
  readonly taskOffsets?: readonly TaskOffset[] | undefined;
}

export interface TaskAssignorSubtopology {
  readonly subtopologyId: string;
  readonly taskCount: number;
  /** Whether its tasks keep state that a standby could copy. */
  readonly isStateful: boolean;
}

/** Who may have state of a task, beside the member that runs it. */
interface StandbyCandidate {
  readonly worker: Worker;
  /** Its standby until now; of the others only what is on their disk is known. */
  readonly isStandby: boolean;
  readonly offset: number;
}

interface Task {
  readonly subtopologyId: string;
  readonly partition: number;
  readonly key: string;
}

/** A member while tasks are dealt out. */
class Worker {
  readonly memberId: string;
  readonly instance: Instance;
  readonly active: Task[] = [];
  readonly standby: Task[] = [];

  constructor(memberId: string, instance: Instance) {
    this.memberId = memberId;
    this.instance = instance;
  }

  get size(): number {
    return this.active.length + this.standby.length;
  }

  add(task: Task, role: 'active' | 'standby'): void {
    this[role].push(task);
    this.instance.tasks.add(task.key);
    this.instance.taskCount += 1;
  }
}

/** The members of one process. */
class Instance {
  readonly workers: Worker[] = [];
  readonly tasks = new Set<string>();
  taskCount = 0;

  get load(): number {
    return this.taskCount / this.workers.length;
  }
}

/** How many tasks each member may have; what a full one has leaves the average of the others. */
class Quota {
  perMember: number;
  #tasks: number;
  #members: number;

  constructor(tasks: number, members: number) {
    this.#tasks = tasks;
    this.#members = members;
    this.perMember = members === 0 ? 0 : Math.ceil(tasks / members);
  }

  note(size: number): void {
    if (size !== this.perMember) return;
    this.#members -= 1;
    this.#tasks -= size;
    this.perMember = this.#members <= 0 ? 0 : Math.ceil(this.#tasks / this.#members);
  }
}

/**
 * Gives tasks to members: first those that had them, then those that stood by for them or say that
 * they have state of them, and the rest to the process with the least to do; standbys go to
 * processes that do not have the task yet, former owners first (Kafka's `StickyTaskAssignor`).
 * Nobody keeps more than its share.
 */
export function assignSticky(
  members: readonly TaskAssignorMember[],
  subtopologies: readonly TaskAssignorSubtopology[],
  standbyReplicas: number,
): ReadonlyMap<string, TargetTasks> {
  if (members.length === 0) return new Map();
  const deal = new Deal(members, subtopologies, standbyReplicas);
  deal.assignActive();
  if (standbyReplicas > 0) deal.assignStandby();
  return deal.result();
}

class Deal {
  readonly #workers: Worker[];
  readonly #instances: readonly Instance[];
  readonly #formerActive = new Map<string, Worker>();
  readonly #candidates = new Map<string, StandbyCandidate[]>();
  readonly #tasks: readonly Task[];
  readonly #stateful: readonly Task[];
  readonly #standbyReplicas: number;
  readonly #activeQuota: Quota;
  readonly #quota: Quota;

  constructor(
    members: readonly TaskAssignorMember[],
    subtopologies: readonly TaskAssignorSubtopology[],
    standbyReplicas: number,
  ) {
    const instances = new Map<string, Instance>();
    this.#workers = members.map(({ memberId, processId, current, taskOffsets = [] }) => {
      const instance = instances.get(processId) ?? new Instance();
      instances.set(processId, instance);
      const worker = new Worker(memberId, instance);
      instance.workers.push(worker);
      this.#remember(worker, current, taskOffsets);
      return worker;
    });
    for (const candidates of this.#candidates.values()) candidates.sort(byStrength);
    this.#instances = [...instances.values()];
    this.#tasks = subtopologies.flatMap(tasksIn);
    this.#stateful = subtopologies.filter(({ isStateful }) => isStateful).flatMap(tasksIn);
    this.#standbyReplicas = standbyReplicas;
    const total = this.#tasks.length + this.#stateful.length * standbyReplicas;
    this.#activeQuota = new Quota(this.#tasks.length, members.length);
    this.#quota = new Quota(total, members.length);
  }

  #remember(worker: Worker, current: TargetTasks, taskOffsets: readonly TaskOffset[]): void {
    for (const [subtopologyId, partitions] of current.active) {
      for (const partition of partitions) {
        this.#formerActive.set(keyOf(subtopologyId, partition), worker);
      }
    }
    const offsets = new Map(
      taskOffsets.map((one) => [keyOf(one.subtopologyId, one.partition), one.offset]),
    );
    for (const [subtopologyId, partitions] of current.standby) {
      for (const partition of partitions) {
        const key = keyOf(subtopologyId, partition);
        // Whoever has said nothing may have everything to read yet.
        this.#propose(key, { worker, isStandby: true, offset: offsets.get(key) ?? 0 });
        offsets.delete(key);
      }
    }
    // A member that comes back under another id had no task, but may have its state.
    for (const [key, offset] of offsets) this.#propose(key, { worker, isStandby: false, offset });
  }

  #propose(key: string, candidate: StandbyCandidate): void {
    const others = this.#candidates.get(key);
    if (others === undefined) this.#candidates.set(key, [candidate]);
    else others.push(candidate);
  }

  #formerStandby(task: Task): Worker[] {
    return (this.#candidates.get(task.key) ?? []).map(({ worker }) => worker);
  }

  assignActive(): void {
    let left = [...this.#tasks].sort(byPartition);
    left = left.filter((task) => !this.#keepActive(task, this.#formerActive.get(task.key)));
    left = left.filter((task) => {
      const former = this.#leastLoaded(this.#formerStandby(task));
      return !this.#keepActive(task, former);
    });
    for (const task of left.sort(bySubtopology)) {
      const instance = leastOf(this.#instances, (one) => one.load);
      const worker = instance && leastOf(instance.workers, (one) => one.size);
      if (worker === undefined) {
        const name = `${task.subtopologyId}_${task.partition}`;
        throw new KafkaError(
          'UNKNOWN_SERVER_ERROR',
          `No process available to assign active task ${name}.`,
        );
      }
      this.#addActive(worker, task);
    }
  }

  #keepActive(task: Task, worker: Worker | undefined): boolean {
    if (worker === undefined || worker.size >= this.#activeQuota.perMember) return false;
    this.#addActive(worker, task);
    return true;
  }

  #addActive(worker: Worker, task: Task): void {
    worker.add(task, 'active');
    this.#activeQuota.note(worker.size);
    this.#quota.note(worker.size);
  }

  #addStandby(worker: Worker, task: Task): void {
    worker.add(task, 'standby');
    this.#quota.note(worker.size);
  }

  assignStandby(): void {
    const left: { task: Task; replicas: number }[] = [];
    for (const task of [...this.#stateful].sort(byPartition).reverse()) {
      let replicas = this.#standbyReplicas;
      while (replicas > 0 && this.#keepStandby(task)) replicas -= 1;
      if (replicas > 0) left.push({ task, replicas });
    }
    left.sort((a, b) => bySubtopology(b.task, a.task));
    for (const { task, replicas } of left) {
      for (let replica = 0; replica < replicas; replica++) {
        const free = this.#instances.filter((instance) => !instance.tasks.has(task.key));
        const instance = leastOf(free, (one) => one.load);
        const worker = instance && leastOf(instance.workers, (one) => one.size);
        // There are fewer processes than copies wanted: more of them would help, nothing else.
        if (worker === undefined) break;
        this.#addStandby(worker, task);
      }
    }
  }

  /** One copy goes to somebody who had the task, active or standing by. */
  #keepStandby(task: Task): boolean {
    const active = this.#formerActive.get(task.key);
    const standby = this.#formerStandby(task);
    for (const worker of [active, this.#leastLoaded(standby, task)]) {
      if (worker === undefined || worker.instance.tasks.has(task.key)) continue;
      if (worker.size >= this.#quota.perMember) continue;
      this.#addStandby(worker, task);
      return true;
    }
    return false;
  }

  /** Whose process has the least to do; `task` is what it must not have. */
  #leastLoaded(workers: readonly Worker[], task?: Task): Worker | undefined {
    let [least] = workers;
    for (const worker of workers) {
      if (least === undefined || worker === least) continue;
      const isFree = task === undefined || !worker.instance.tasks.has(task.key);
      const isLess = worker.instance.load < least.instance.load && worker.size < least.size;
      if (isFree && isLess) least = worker;
    }
    return least;
  }

  result(): ReadonlyMap<string, TargetTasks> {
    return new Map(
      this.#workers.map(({ memberId, active, standby }) => [
        memberId,
        { active: grouped(active), standby: grouped(standby), warmup: new Map() },
      ]),
    );
  }
}

/** Standbys first, and among equals whoever has read most. */
function byStrength(one: StandbyCandidate, other: StandbyCandidate): number {
  if (one.isStandby !== other.isStandby) return one.isStandby ? -1 : 1;
  return other.offset - one.offset;
}

function tasksIn({ subtopologyId, taskCount }: TaskAssignorSubtopology): Task[] {
  return Array.from({ length: taskCount }, (_, partition) => ({
    subtopologyId,
    partition,
    key: keyOf(subtopologyId, partition),
  }));
}

function grouped(tasks: readonly Task[]) {
  return tasksOf(
    tasks.map(({ subtopologyId, partition }) => ({ subtopologyId, partitions: [partition] })),
  );
}

function byPartition(one: Task, other: Task): number {
  return one.partition - other.partition || compare(one.subtopologyId, other.subtopologyId);
}

function bySubtopology(one: Task, other: Task): number {
  return compare(one.subtopologyId, other.subtopologyId) || one.partition - other.partition;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function leastOf<T>(all: readonly T[], sizeOf: (one: T) => number): T | undefined {
  let least: T | undefined;
  for (const one of all) if (least === undefined || sizeOf(one) < sizeOf(least)) least = one;
  return least;
}

function keyOf(subtopologyId: string, partition: number): string {
  return `${partition} ${subtopologyId}`;
}
