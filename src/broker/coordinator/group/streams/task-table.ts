import type { StreamsMember } from './streams-member.js';
import type { TaskHolders } from './streams-reconciliation.js';
import { plainTasks, type Tasks } from './tasks.js';

/**
 * Which process runs each task and which ones copy it, also while they are giving it back. By
 * process, for the members of one share a state directory. A copy counts once for each member of
 * a process that has it.
 */
export class TaskTable implements TaskHolders {
  readonly #active = new Map<string, string>();
  readonly #copies = new Map<string, number>();

  activeOf(subtopologyId: string, partition: number): string | undefined {
    return this.#active.get(keyOf(subtopologyId, partition));
  }

  isCopiedBy(processId: string, subtopologyId: string, partition: number): boolean {
    return this.#copies.has(copyKeyOf(processId, subtopologyId, partition));
  }

  take({ processId, assigned, revoking }: StreamsMember): void {
    for (const { active, standby, warmup } of [plainTasks(assigned), plainTasks(revoking)]) {
      eachTask(active, (id, partition) => this.#active.set(keyOf(id, partition), processId));
      for (const copies of [standby, warmup]) {
        eachTask(copies, (id, partition) => this.#count(copyKeyOf(processId, id, partition), 1));
      }
    }
  }

  release({ processId, assigned, revoking }: StreamsMember): void {
    for (const { active, standby, warmup } of [plainTasks(assigned), plainTasks(revoking)]) {
      eachTask(active, (id, partition) => {
        const key = keyOf(id, partition);
        if (this.#active.get(key) === processId) this.#active.delete(key);
      });
      for (const copies of [standby, warmup]) {
        eachTask(copies, (id, partition) => this.#count(copyKeyOf(processId, id, partition), -1));
      }
    }
  }

  #count(key: string, by: 1 | -1): void {
    const count = (this.#copies.get(key) ?? 0) + by;
    if (count <= 0) this.#copies.delete(key);
    else this.#copies.set(key, count);
  }
}

function eachTask(tasks: Tasks, run: (subtopologyId: string, partition: number) => void): void {
  for (const [id, partitions] of tasks) for (const partition of partitions) run(id, partition);
}

function keyOf(subtopologyId: string, partition: number): string {
  return `${partition} ${subtopologyId}`;
}

function copyKeyOf(processId: string, subtopologyId: string, partition: number): string {
  return `${partition} ${subtopologyId.length} ${subtopologyId} ${processId}`;
}
