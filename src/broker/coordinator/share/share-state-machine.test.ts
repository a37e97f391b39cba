import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../runtime/machine.js';
import { Outcome, type Ticket } from '../runtime/outcome.js';
import { isShareStateFault, ShareStateMachine } from './share-state-machine.js';
import { shareStateCodec, type ShareStateRecord } from './share-state-records.js';
import { combineBatches, deliveryState, type StateBatch } from './state-batches.js';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const updatesPerSnapshot = 3;
const key = (partition = 0) => ({ groupId: 'g', topicId, partition });

class World {
  readonly log: LogRecord[] = [];
  readonly machine = newMachine();

  ask<T>(
    operation: (ticket: Ticket<T>, outcome: Outcome<ShareStateRecord>, now: number) => void,
  ): T {
    const outcome = new Outcome<ShareStateRecord>();
    operation({ number: 1 }, outcome, 1000);
    for (const { record } of outcome.records) {
      this.log.push(shareStateCodec.encode(record));
      this.machine.replay(record);
    }
    return outcome.answers[0]?.response as T;
  }

  initialize(stateEpoch: number, startOffset: number, partition = 0) {
    return this.ask<{ error: string } | undefined>((ticket, outcome, now) =>
      this.machine.initialize(key(partition), { stateEpoch, startOffset }, ticket, outcome, now),
    )?.error;
  }

  write(
    startOffset: number,
    stateBatches: readonly StateBatch[],
    { stateEpoch = 1, leaderEpoch = 0, partition = 0, deliveryCompleteCount = 0 } = {},
  ) {
    const written = { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches };
    return this.ask<{ error: string } | undefined>((ticket, outcome, now) =>
      this.machine.write(key(partition), written, ticket, outcome, now),
    )?.error;
  }

  read(leaderEpoch = 0, partition = 0) {
    const answer = this.ask<object>((ticket, outcome, now) =>
      this.machine.read(key(partition), leaderEpoch, ticket, outcome, now),
    );
    return isShareStateFault(answer) ? answer.error : answer;
  }

  get kinds(): string[] {
    return this.log.map((record) => shareStateCodec.decode(record)?.kind ?? '?');
  }

  checkReplay(from = 0): void {
    const again = newMachine();
    for (const bytes of this.log.slice(from)) {
      const record = shareStateCodec.decode(bytes);
      if (record !== undefined) again.replay(record);
    }
    expect(again.snapshot()).toEqual(this.machine.snapshot());
  }
}

function newMachine(): ShareStateMachine {
  return new ShareStateMachine({ updatesPerSnapshot, exists: (_, partition) => partition < 5 });
}

const acked = (firstOffset: number, lastOffset: number, deliveryCount = 1): StateBatch => ({
  firstOffset,
  lastOffset,
  deliveryState: deliveryState.acknowledged,
  deliveryCount,
});

describe('the state of a share partition', () => {
  test('is made, written in updates, and as a whole from time to time', () => {
    const world = new World();
    expect(world.initialize(1, -1)).toBeUndefined();
    for (let offset = 0; offset < 5; offset++) {
      expect(world.write(offset, [acked(offset, offset)])).toBeUndefined();
    }
    const expected = ['snapshot', 'update', 'update', 'update', 'snapshot', 'update'];
    expect(world.kinds).toEqual(expected);
    expect(world.read()).toEqual({ stateEpoch: 1, startOffset: 4, stateBatches: [acked(4, 4)] });
    world.checkReplay();
  });

  test('is refused to whoever comes from an older epoch, or for what is not there', () => {
    const world = new World();
    expect(world.read()).toBe('INVALID_REQUEST');
    expect(world.write(0, [])).toBe('INVALID_REQUEST');
    expect(world.initialize(2, 7, 9)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(world.initialize(2, 7)).toBeUndefined();
    expect(world.initialize(1, 7)).toBe('FENCED_STATE_EPOCH');
    expect(world.write(7, [])).toBe('FENCED_STATE_EPOCH');
    expect(world.read(4)).toMatchObject({ startOffset: 7 });
    expect(world.read(3)).toBe('FENCED_LEADER_EPOCH');
    expect(world.read(-1)).toMatchObject({ startOffset: 7 });
    world.checkReplay();
  });

  test('is taken away by a tombstone, that of a deleted topic too', () => {
    const world = new World();
    for (const partition of [0, 1, 2]) world.initialize(1, 0, partition);
    world.ask((ticket, outcome) => world.machine.delete(key(1), ticket, outcome));
    expect(world.read(0, 1)).toBe('INVALID_REQUEST');
    world.ask((ticket, outcome) => world.machine.forgetTopic(topicId, ticket, outcome));
    expect(world.machine.size).toBe(0);
    world.checkReplay();
  });

  test('can be written anew so that all before is of no use', () => {
    const world = new World();
    for (const partition of [0, 1, 2]) world.initialize(1, 0, partition);
    for (let offset = 0; offset < 20; offset++) world.write(offset, [acked(offset, offset)]);
    expect(world.machine.redundant).toBe(20);
    const end = world.log.length;
    world.ask((ticket, outcome, now) => world.machine.rewrite(ticket, outcome, now));
    expect(world.machine.redundant).toBe(0);
    world.write(20, [acked(20, 20)]);
    world.checkReplay(end);
    world.checkReplay();
  });

  test('is what a replay of its log gives, whatever is asked', () => {
    const partition = fc.nat(2);
    const batches = fc.array(
      fc.record({ first: fc.nat(30), length: fc.nat(6), state: fc.nat(2), count: fc.nat(4) }),
      { maxLength: 4 },
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant('make' as const), partition, epoch: fc.nat(3) }),
      fc.record({ do: fc.constant('write' as const), partition, start: fc.nat(20), batches }),
      fc.record({ do: fc.constant('read' as const), partition, epoch: fc.nat(3) }),
      fc.record({ do: fc.constant('delete' as const), partition }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          if (one.do === 'make') world.initialize(one.epoch, -1, one.partition);
          else if (one.do === 'read') world.read(one.epoch, one.partition);
          else if (one.do === 'delete') {
            world.ask((ticket, outcome) =>
              world.machine.delete(key(one.partition), ticket, outcome),
            );
          } else {
            const written = one.batches.map(({ first, length, state, count }) => ({
              firstOffset: first,
              lastOffset: first + length,
              deliveryState: [0, 2, 4][state] ?? 0,
              deliveryCount: count,
            }));
            const epochs = { stateEpoch: 3, leaderEpoch: 3, partition: one.partition };
            world.write(one.start, written, epochs);
          }
        }
        world.checkReplay();
      }),
    );
  });
});

describe('batches laid over each other', () => {
  test('say of each offset what the strongest of them says', () => {
    const batch = fc
      .record({ first: fc.nat(25), length: fc.nat(8), state: fc.nat(2), count: fc.nat(3) })
      .map(({ first, length, state, count }) => ({
        firstOffset: first,
        lastOffset: first + length,
        deliveryState: [0, 2, 4][state] ?? 0,
        deliveryCount: count,
      }));
    const some = fc.array(batch, { maxLength: 8 });
    fc.assert(
      fc.property(some, some, fc.nat(12), (older, newer, start) => {
        const combined = combineBatches(older, newer, start);
        const said: (readonly [number, number] | undefined)[] = [];
        for (const { firstOffset, lastOffset, deliveryState: state, deliveryCount } of combined) {
          expect(firstOffset).toBeGreaterThanOrEqual(Math.max(start, said.length));
          for (let offset = firstOffset; offset <= lastOffset; offset++) {
            said[offset] = [deliveryCount, state];
          }
        }
        for (let offset = 0; offset < 40; offset++) {
          let best: readonly [number, number] | undefined;
          for (const one of [...older, ...newer]) {
            if (offset < start || one.firstOffset > offset || one.lastOffset < offset) continue;
            const it = [one.deliveryCount, one.deliveryState] as const;
            if (best === undefined || it[0] > best[0] || (it[0] === best[0] && it[1] > best[1])) {
              best = it;
            }
          }
          expect(said[offset]).toEqual(best);
        }
      }),
    );
  });
});
