import { describe, expect, test } from 'vitest';
import type { RequestDecoded } from '../../protocol/index.js';
import { ManualClock, SeededRandom } from '../../system/simulated/index.js';
import { type FetchPlan, FetchSessions } from './fetch-sessions.js';

function request(sessionId: number, sessionEpoch: number): RequestDecoded<'Fetch'> {
  const partition = {
    partition: 0,
    currentLeaderEpoch: -1,
    fetchOffset: 0,
    lastFetchedEpoch: -1,
    partitionMaxBytes: 1,
  };
  const topics = [{ topic: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [partition] }];
  const input = { sessionId, sessionEpoch, topics, forgottenTopicsData: [] };
  // The other fields say nothing about sessions.
  return input as unknown as RequestDecoded<'Fetch'>;
}

const open = (sessions: FetchSessions) => sessions.plan(request(0, 0), 12) as FetchPlan;

describe('fetch sessions', () => {
  test('are as many as there are slots; the next client goes without', () => {
    const sessions = new FetchSessions(2, new SeededRandom(1), new ManualClock());
    expect(open(sessions).sessionId).toBeGreaterThan(0);
    expect(open(sessions).sessionId).toBeGreaterThan(0);
    expect(open(sessions)).toMatchObject({ sessionId: 0, session: undefined, incremental: false });
    expect(sessions.size).toBe(2);
  });

  test('unused for two minutes make room, the one unused for longest first', async () => {
    const clock = new ManualClock();
    const sessions = new FetchSessions(2, new SeededRandom(1), clock);
    const first = open(sessions).sessionId;
    const second = open(sessions).sessionId;
    await clock.advance(100_000);
    expect(sessions.plan(request(first, 1), 12)).toMatchObject({ sessionId: first });
    await clock.advance(30_000);
    expect(open(sessions).sessionId).toBeGreaterThan(0);
    expect(sessions.plan(request(second, 1), 12)).toBe('FETCH_SESSION_ID_NOT_FOUND');
    expect(sessions.plan(request(first, 2), 12)).toMatchObject({ sessionId: first });
  });

  test('count from 1 again after 2^31-1', () => {
    const sessions = new FetchSessions(1, new SeededRandom(1), new ManualClock());
    const { session, sessionId } = open(sessions);
    if (session !== undefined) session.nextEpoch = 0x7fffffff;
    expect(sessions.plan(request(sessionId, 0x7fffffff), 12)).toMatchObject({ sessionId });
    expect(session?.nextEpoch).toBe(1);
  });
});
