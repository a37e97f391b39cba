import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TopicPartition } from '../consumer-options.js';
import { partitionKey } from '../topic-partitions.js';
import type { Assignments, Assignor, AssignorMember } from './assignor.js';
import { resolveAssignors } from './index.js';

const [range, roundRobin, sticky, cooperativeSticky] = resolveAssignors([
  'range',
  'roundrobin',
  'sticky',
  'cooperative-sticky',
]) as [Assignor, Assignor, Assignor, Assignor];

function member(memberId: string, topics: string[], more: Partial<AssignorMember> = {}) {
  const none = { groupInstanceId: null, userData: null, owned: [], generationId: -1, rackId: null };
  return { memberId, topics, ...none, ...more };
}

function shown(assignments: Assignments): Record<string, string> {
  const text = (share: TopicPartition[]) =>
    share.map(({ topic, partition }) => `${topic}${partition}`).join(' ');
  return Object.fromEntries([...assignments].map(([id, share]) => [id, text(share)]));
}

describe('range', () => {
  test('gives the first members one more of each topic', () => {
    const members = [member('b', ['x', 'y']), member('a', ['x', 'y'])];
    const counts = new Map([
      ['x', 3],
      ['y', 3],
    ]);
    expect(shown(range.assign(members, counts))).toEqual({ a: 'x0 x1 y0 y1', b: 'x2 y2' });
  });

  test('passes over members that did not subscribe, and topics that do not exist', () => {
    const members = [member('a', ['x']), member('b', ['x', 'y', 'gone']), member('c', ['y'])];
    const counts = new Map([
      ['x', 2],
      ['y', 3],
    ]);
    expect(shown(range.assign(members, counts))).toEqual({ a: 'x0', b: 'x1 y0 y1', c: 'y2' });
  });

  test('puts static members first, by their instance id', () => {
    const members = [
      member('a', ['x']),
      member('z', ['x'], { groupInstanceId: '2' }),
      member('y', ['x'], { groupInstanceId: '1' }),
    ];
    expect(shown(range.assign(members, new Map([['x', 3]])))).toEqual({
      y: 'x0',
      z: 'x1',
      a: 'x2',
    });
  });
});

test('roundrobin deals out all partitions in turn', () => {
  const members = [member('a', ['x', 'y']), member('b', ['x', 'y'])];
  const counts = new Map([
    ['x', 3],
    ['y', 3],
  ]);
  expect(shown(roundRobin.assign(members, counts))).toEqual({ a: 'x0 x2 y1', b: 'x1 y0 y2' });
  const uneven = [member('a', ['x']), member('b', ['x', 'y']), member('c', ['x', 'y', 'z'])];
  const more = new Map([
    ['x', 1],
    ['y', 2],
    ['z', 3],
  ]);
  expect(shown(roundRobin.assign(uneven, more))).toEqual({ a: 'x0', b: 'y0', c: 'y1 z0 z1 z2' });
});

describe('racks', () => {
  /** Replicas of partition p lie in the racks written at p. */
  const racksOf = (...racks: string[]) => {
    return (_topic: string, partition: number) => new Set((racks[partition] ?? '').split(''));
  };
  const at = (memberId: string, rackId: string | null, topics = ['x']) =>
    member(memberId, topics, { rackId });
  const counts = new Map([['x', 4]]);

  test.each([range, sticky, cooperativeSticky])(
    '$name gives members partitions with a replica in their rack',
    (assignor) => {
      const members = [at('a', '1'), at('b', '2')];
      const shares = assignor.assign(members, counts, racksOf('2', '2', '1', '1'));
      expect(shown(shares)).toEqual({ a: 'x2 x3', b: 'x0 x1' });
      // Balance comes first: what is left goes wherever there is room.
      const lopsided = assignor.assign(members, counts, racksOf('1', '1', '1', '2'));
      expect(shown(lopsided)).toEqual({ a: 'x0 x1', b: 'x2 x3' });
    },
  );

  test.each([range, sticky, cooperativeSticky])(
    '$name goes on as ever where racks tell nothing apart',
    (assignor) => {
      const plain = [member('a', ['x']), member('b', ['x'])];
      const expected = shown(assignor.assign(plain, counts));
      const everywhere = racksOf('12', '12', '12', '12');
      for (const [members, racks] of [
        [[at('a', '1'), at('b', '2')], everywhere],
        [[at('a', null), at('b', null)], racksOf('1', '2', '1', '2')],
        [[at('a', '7'), at('b', '8')], racksOf('1', '2', '1', '2')],
        [[at('a', '1'), at('b', '2')], undefined],
      ] as const) {
        expect(shown(assignor.assign(members, counts, racks))).toEqual(expected);
      }
    },
  );

  test('range keeps equal numbers of topics that are alike together', () => {
    const members = [at('a', '1', ['x', 'y']), at('b', '2', ['x', 'y'])];
    const both = new Map([
      ['x', 4],
      ['y', 4],
    ]);
    const shares = range.assign(members, both, racksOf('2', '1', '2', '1'));
    expect(shown(shares)).toEqual({ a: 'x1 x3 y1 y3', b: 'x0 x2 y0 y2' });
  });

  test('nothing moves for a rack alone', () => {
    const held = (memberId: string, rackId: string, ...partitions: number[]) => {
      const owned = partitions.map((partition) => ({ topic: 'x', partition }));
      return member(memberId, ['x'], { rackId, owned, generationId: 3 });
    };
    const members = [held('a', '1', 0, 1), held('b', '2', 2, 3)];
    const shares = cooperativeSticky.assign(members, counts, racksOf('2', '2', '1', '1'));
    expect(shown(shares)).toEqual({ a: 'x0 x1', b: 'x2 x3' });
  });
});

/** Members with random subscriptions, owned partitions and generations. */
const groups = fc
  .record({
    counts: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    members: fc.array(
      fc.record({
        topics: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 5 }),
        owned: fc.uniqueArray(fc.tuple(fc.integer({ max: 5, min: 0 }), fc.nat(7)), {
          maxLength: 8,
          selector: ([topic, partition]) => `${topic}:${partition}`,
        }),
        generationId: fc.integer({ min: -1, max: 3 }),
        groupInstanceId: fc.option(fc.integer({ max: 99, min: 0 }).map(String)),
        rackId: fc.option(fc.constantFrom('0', '1', '2')),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ counts, members }) => ({
    counts: new Map(counts.map((count, index) => [`t${index}`, count])),
    members: members.map((each, index) => {
      const topics = each.topics.map((topic) => `t${topic}`);
      const owned = each.owned.map(([topic, partition]) => ({ topic: `t${topic}`, partition }));
      return member(`m${index}`, topics, { ...each, topics, owned });
    }),
  }));

/** Every partition lies in one rack or two, here and there. */
const someRacks = (topic: string, partition: number) =>
  new Set([`${(partition + topic.length) % 3}`, `${(partition * 2) % 3}`]);

/** What every assignor must hold, whatever the group looks like. */
function expectComplete(
  assignments: Assignments,
  members: readonly AssignorMember[],
  counts: ReadonlyMap<string, number>,
): void {
  const seen = new Set<string>();
  for (const each of members) {
    for (const share of assignments.get(each.memberId) ?? []) {
      expect(each.topics).toContain(share.topic);
      expect(seen).not.toContain(partitionKey(share));
      seen.add(partitionKey(share));
    }
  }
  let wanted = 0;
  for (const [topic, count] of counts) {
    if (members.some((each) => each.topics.includes(topic))) wanted += count;
  }
  expect(seen.size).toBe(wanted);
}

/** No partition could move to a subscribed member that has two or more fewer. */
function expectBalanced(assignments: Assignments, members: readonly AssignorMember[]): void {
  const load = (id: string): number => assignments.get(id)?.length ?? 0;
  for (const [holder, share] of assignments) {
    for (const { topic } of share) {
      for (const other of members) {
        if (!other.topics.includes(topic)) continue;
        expect(load(holder) - load(other.memberId)).toBeLessThan(2);
      }
    }
  }
}

/** Rebalances after which a cooperative group has come to rest, for up to six members. */
const cooperativeRoundsMax = 6;

describe('every assignor', () => {
  test('hands out every partition exactly once, to a subscribed member', () => {
    fc.assert(
      fc.property(groups, ({ members, counts }) => {
        for (const assignor of [range, roundRobin, sticky]) {
          expectComplete(assignor.assign(members, counts), members, counts);
          expectComplete(assignor.assign(members, counts, someRacks), members, counts);
        }
        // Cooperative: complete once those who must have given up what they held. Where members
        // subscribe to different topics, evening out what came free may take another round.
        let settled = members;
        for (let round = 0; round < cooperativeRoundsMax; round++) {
          const assignments = cooperativeSticky.assign(settled, counts);
          settled = members.map((each) => {
            const owned = assignments.get(each.memberId) ?? [];
            return { ...each, owned, generationId: 9 + round };
          });
        }
        expectComplete(cooperativeSticky.assign(settled, counts), members, counts);
      }),
    );
  });

  test('range differs by at most one partition for each topic', () => {
    fc.assert(
      fc.property(groups, ({ members, counts }) => {
        const assignments = range.assign(members, counts, someRacks);
        for (const topic of counts.keys()) {
          const loads = members
            .filter((each) => each.topics.includes(topic))
            .map((each) => {
              const share = assignments.get(each.memberId) ?? [];
              return share.filter((one) => one.topic === topic).length;
            });
          if (loads.length > 0) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(2);
        }
      }),
    );
  });

  test('the sticky ones leave nothing to even out', () => {
    fc.assert(
      fc.property(groups, ({ members, counts }) => {
        expectBalanced(sticky.assign(members, counts), members);
        expectBalanced(sticky.assign(members, counts, someRacks), members);
      }),
    );
  });
});

describe('sticky', () => {
  const counts = new Map([
    ['x', 7],
    ['y', 5],
  ]);
  const ids = ['a', 'b', 'c', 'd'];

  /** The members as they would join after having held `assignments`. */
  function rejoining(assignor: Assignor, assignments: Assignments, who: string[]) {
    return who.map((id) => {
      const owned = assignments.get(id) ?? [];
      const userData = assignor.userData?.(owned, 4) ?? null;
      return member(id, ['x', 'y'], { owned, userData, generationId: 4 });
    });
  }

  test.each([sticky, cooperativeSticky])('$name keeps what it can when one leaves', (assignor) => {
    const before = assignor.assign(rejoining(assignor, new Map(), ids), counts);
    const after = assignor.assign(rejoining(assignor, before, ['a', 'b', 'd']), counts);
    for (const id of ['a', 'b', 'd']) {
      const kept = new Set((after.get(id) ?? []).map(partitionKey));
      for (const each of before.get(id) ?? []) expect(kept).toContain(partitionKey(each));
    }
  });

  test('changes nothing when nothing has changed', () => {
    const before = sticky.assign(rejoining(sticky, new Map(), ids), counts);
    const after = sticky.assign(rejoining(sticky, before, ids), counts);
    expect(shown(after)).toEqual(shown(before));
  });

  test('cooperative members keep a partition that moves until the next rebalance', () => {
    const alone = cooperativeSticky.assign(rejoining(cooperativeSticky, new Map(), ['a']), counts);
    const joined = rejoining(cooperativeSticky, alone, ['a', 'b']);
    const first = cooperativeSticky.assign(joined, counts);
    expect(first.get('a')).toHaveLength(6);
    expect(first.get('b')).toHaveLength(0);
    const second = cooperativeSticky.assign(
      rejoining(cooperativeSticky, first, ['a', 'b']),
      counts,
    );
    expect(second.get('a')).toEqual(first.get('a'));
    expect(second.get('b')).toHaveLength(6);
  });

  test('believes the claim of the higher generation, and neither of two equal ones', () => {
    const owned = [{ topic: 'x', partition: 0 }];
    const one = new Map([['x', 2]]);
    const claims = (a: number, b: number) => [
      member('a', ['x'], { owned, generationId: a }),
      member('b', ['x'], { owned, generationId: b }),
    ];
    expect(shown(cooperativeSticky.assign(claims(1, 2), one)).b).toContain('x0');
    expect(shown(cooperativeSticky.assign(claims(2, 1), one)).a).toContain('x0');
    const both = cooperativeSticky.assign(claims(2, 2), one);
    expect([...both.values()].map((share) => share.length)).toEqual([1, 1]);
  });

  test('reads what Java writes into userData, and forgives what it cannot read', () => {
    // One topic `x` with partitions 1 and 2, generation 3: StickyAssignor's version 1.
    const userData = Buffer.from('00000001000178000000020000000100000002' + '00000003', 'hex');
    expect(
      sticky.userData?.(
        [
          { topic: 'x', partition: 1 },
          { topic: 'x', partition: 2 },
        ],
        3,
      ),
    ).toEqual(userData);
    const members = [member('a', ['x']), member('b', ['x'], { userData })];
    expect(shown(sticky.assign(members, new Map([['x', 4]])))).toEqual({ a: 'x0 x3', b: 'x1 x2' });
    const broken = [member('a', ['x'], { userData: Buffer.from([1, 2, 3]) })];
    expect(shown(sticky.assign(broken, new Map([['x', 1]])))).toEqual({ a: 'x0' });
  });
});

test('an unknown assignor is refused with the names there are', () => {
  expect(() => resolveAssignors(['rang' as 'range'])).toThrow(/no assignor rang: use range, round/);
  expect(() => resolveAssignors([])).toThrow(/at least one assignor/);
});
