import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FetchSession, type FetchTarget, haveTopicIds } from './fetch-session.js';

function target(partition: number, fetchOffset = 0, topicId = 'id-one'): FetchTarget {
  return {
    topic: 't',
    topicId,
    partition,
    currentLeaderEpoch: 0,
    fetchOffset,
    lastFetchedEpoch: -1,
    partitionMaxBytes: 100,
  };
}

test('the first request names everything, the next ones only what changed', () => {
  const session = new FetchSession();
  const full = session.next([target(0), target(1)]);
  expect(full).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgotten: [] });
  expect(full.targets).toHaveLength(2);
  session.succeeded(77);
  const next = session.next([target(0), target(1, 5), target(2)]);
  expect(next).toMatchObject({ sessionId: 77, sessionEpoch: 1 });
  expect(next.targets.map((each) => each.partition)).toEqual([1, 2]);
  session.succeeded(77);
  const last = session.next([target(1, 5)]);
  expect(last).toMatchObject({ sessionEpoch: 2, targets: [] });
  expect(last.forgotten.map((each) => each.partition)).toEqual([0, 2]);
});

test('after a failure the old session is replaced by a full request', () => {
  const session = new FetchSession();
  session.next([target(0)]);
  session.succeeded(77);
  session.next([target(0, 1)]);
  session.failed(false);
  const again = session.next([target(0, 1)]);
  expect(again).toMatchObject({ sessionId: 77, sessionEpoch: 0, targets: [target(0, 1)] });
  session.succeeded(78);
  session.failed(true);
  expect(session.next([target(0, 1)])).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
});

test('a broker without sessions is asked for everything each time', () => {
  const session = new FetchSession();
  for (let i = 0; i < 3; i++) {
    expect(session.next([target(0)])).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
    session.succeeded(0);
  }
});

test('a topic that was created anew is forgotten under its old id and added under the new', () => {
  const session = new FetchSession();
  session.next([target(0)]);
  session.succeeded(1);
  const next = session.next([target(0, 0, 'id-two')]);
  expect(next.targets.map((each) => each.topicId)).toEqual(['id-two']);
  expect(next.forgotten.map((each) => each.topicId)).toEqual(['id-one']);
  expect(haveTopicIds(next)).toBe(true);
  expect(haveTopicIds(session.next([target(0, 0, 'AAAAAAAAAAAAAAAAAAAAAA')]))).toBe(false);
});

test('the broker, told only of changes, always knows exactly what is wanted', () => {
  const wanted = fc.dictionary(fc.constantFrom('0', '1', '2', '3'), fc.nat(3));
  const step = fc.record({
    wanted,
    outcome: fc.constantFrom('ok', 'ok', 'ok', 'lost', 'forgotten'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const session = new FetchSession();
      let broker = new Map<number, number>();
      let id = 0;
      for (const { wanted: offsets, outcome } of steps) {
        const targets = Object.entries(offsets).map(([key, offset]) => target(Number(key), offset));
        const request = session.next(targets);
        if (request.sessionEpoch === 0) {
          broker = new Map();
          id++;
        }
        for (const each of request.forgotten) broker.delete(each.partition);
        for (const each of request.targets) broker.set(each.partition, each.fetchOffset);
        expect(broker).toEqual(new Map(targets.map((each) => [each.partition, each.fetchOffset])));
        if (outcome === 'ok') session.succeeded(id);
        else session.failed(outcome === 'forgotten');
      }
    }),
  );
});
