import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignSticky, type TaskAssignorMember } from './sticky-task-assignor.js';
import { noTasks, type TargetTasks, tasksOf } from './tasks.js';

const shape = fc.record({
  /** The process of each member. */
  processes: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 }),
  subtopologies: fc.array(
    fc.record({ taskCount: fc.integer({ min: 1, max: 9 }), isStateful: fc.boolean() }),
    { minLength: 1, maxLength: 3 },
  ),
  standbyReplicas: fc.nat({ max: 2 }),
});

type Shape = typeof shape extends fc.Arbitrary<infer S> ? S : never;

const membersOf = ({ processes }: Shape): TaskAssignorMember[] =>
  processes.map((process, at) => ({
    memberId: `m${at}`,
    processId: `p${process}`,
    current: noTasks,
  }));

const partsOf = ({ subtopologies }: Shape) =>
  subtopologies.map((one, at) => ({ subtopologyId: String(at), ...one }));

const keysOf = (tasks: TargetTasks['active']) =>
  [...tasks].flatMap(([id, partitions]) => partitions.map((partition) => `${id}_${partition}`));

const activeOf = (target: TargetTasks | undefined) => keysOf(target?.active ?? new Map());
const standbyOf = (target: TargetTasks | undefined) => keysOf(target?.standby ?? new Map());

function again(members: readonly TaskAssignorMember[], targets: ReadonlyMap<string, TargetTasks>) {
  return members.map((one) => ({ ...one, current: targets.get(one.memberId) ?? noTasks }));
}

describe('the sticky task assignor', () => {
  test('gives every task to one member, and copies of it to other processes', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const members = membersOf(given);
        const parts = partsOf(given);
        const targets = assignSticky(members, parts, given.standbyReplicas);
        const all = parts.flatMap(({ subtopologyId, taskCount }) =>
          Array.from({ length: taskCount }, (_, at) => `${subtopologyId}_${at}`),
        );
        const active = members.flatMap(({ memberId }) => activeOf(targets.get(memberId)));
        expect([...active].sort()).toEqual([...all].sort());
        const processes = new Set(members.map(({ processId }) => processId));
        for (const { subtopologyId, taskCount, isStateful } of parts) {
          for (let partition = 0; partition < taskCount; partition++) {
            const key = `${subtopologyId}_${partition}`;
            const holders = members.filter(({ memberId }) =>
              [...activeOf(targets.get(memberId)), ...standbyOf(targets.get(memberId))].includes(
                key,
              ),
            );
            const distinct = new Set(holders.map(({ processId }) => processId));
            expect(distinct.size, 'no process has a task twice').toBe(holders.length);
            const copies = isStateful ? given.standbyReplicas : 0;
            expect(holders.length).toBe(Math.min(processes.size, 1 + copies));
          }
        }
      }),
    );
  });

  test('is even within a task where every process has one member', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const processes = given.processes.map((_, at) => at);
        const members = membersOf({ ...given, processes });
        const targets = assignSticky(members, partsOf(given), 0);
        const sizes = members.map(({ memberId }) => activeOf(targets.get(memberId)).length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('leaves everything where it is when nothing has changed', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const members = membersOf(given);
        const parts = partsOf(given);
        const first = assignSticky(members, parts, 0);
        const second = assignSticky(again(members, first), parts, 0);
        for (const { memberId } of members) {
          const share = Math.ceil(
            parts.reduce((sum, { taskCount }) => sum + taskCount, 0) / members.length,
          );
          // Whoever had more than its share, because its process had few members, gives some away.
          if (activeOf(first.get(memberId)).length > share) return;
        }
        expect(second).toEqual(first);
      }),
    );
  });

  test('moves nothing but the tasks of those that are gone, and promotes their copies', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const processes = [0, 1, 2];
        const members = membersOf({ ...given, processes });
        const parts = partsOf(given).map((part) => ({ ...part, isStateful: true }));
        const first = assignSticky(members, parts, 1);
        const left = again(members.slice(1), first);
        const second = assignSticky(left, parts, 1);
        for (const { memberId, current } of left) {
          const kept = activeOf(current).filter((key) =>
            activeOf(second.get(memberId)).includes(key),
          );
          expect(kept).toEqual(activeOf(current));
        }
        const lost = activeOf(first.get('m0'));
        const promoted = lost.filter((key) =>
          left.some(
            ({ memberId, current }) =>
              standbyOf(current).includes(key) && activeOf(second.get(memberId)).includes(key),
          ),
        );
        if (lost.length > 1) expect(promoted.length).toBeGreaterThan(0);
      }),
    );
  });

  const fourTasks = [{ subtopologyId: '0', taskCount: 4, isStateful: true }];
  const reading = (...offsets: (readonly [partition: number, offset: number])[]) =>
    offsets.map(([partition, offset]) => ({ subtopologyId: '0', partition, offset }));
  const stranger = (name: string, taskOffsets: TaskAssignorMember['taskOffsets'] = []) => ({
    memberId: name,
    processId: name,
    current: noTasks,
    taskOffsets,
  });

  test('gives tasks back to members that come under other ids, by what is on their disks', () => {
    const members = [
      stranger('a', reading([1, 10], [3, 10])),
      stranger('b', reading([0, 10], [2, 10])),
    ];
    const targets = assignSticky(members, fourTasks, 0);
    expect(activeOf(targets.get('a'))).toEqual(['0_1', '0_3']);
    expect(activeOf(targets.get('b'))).toEqual(['0_0', '0_2']);
  });

  test('makes the standby that has read most the next owner, before others with state', () => {
    const task = [{ subtopologyId: '0', taskCount: 1, isStateful: true }];
    const standby = {
      ...noTasks,
      standby: tasksOf([{ subtopologyId: '0', partitions: [0] }]),
    };
    const owner = (...members: TaskAssignorMember[]) =>
      [...assignSticky(members, task, 0)].find(([, target]) => activeOf(target).length > 0)?.[0];
    const behind = { ...stranger('behind', reading([0, 5])), current: standby };
    const ahead = { ...stranger('ahead', reading([0, 9])), current: standby };
    const silent = { ...stranger('silent'), current: standby };
    const other = stranger('other', reading([0, 100]));
    expect(owner(silent, behind, ahead, other)).toBe('ahead');
    expect(owner(other, silent, behind)).toBe('behind');
    expect(owner(stranger('new'), other)).toBe('other');
  });

  test('has nothing to do without members', () => {
    expect(assignSticky([], [{ subtopologyId: '0', taskCount: 2, isStateful: false }], 1)).toEqual(
      new Map(),
    );
  });
});
