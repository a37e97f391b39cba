// The dimensions of the matrix, what goes together, and a choice of cells in which every pair of
// values that may meet does meet.

export const dimensions = {
  step: [
    'fetched',
    'before-write',
    'mid-write',
    'written',
    'committing',
    'committed',
    'rebalancing',
    'draining',
    'dead-lettering',
    'dead-lettered',
    'retrying',
    'retried',
  ],
  fault: [
    'kill-pipeline',
    'kill-one-of-two',
    'kill-database',
    'kill-broker',
    'cut-database',
    'cut-broker',
    'zombie',
    'slow-database',
    'full-database',
    // Half of each bulk is written, the rest refused.
    'half-of-database',
  ],
  // `reluctant`: some records do not go through before a while has passed.
  data: ['unkeyed', 'keyed', 'tombstones', 'poison', 'reluctant'],
  // `topic`: no database at all, but a topic of the same cluster, in transactions.
  database: ['scripted', 'java-h2', 'ferretdb', 'transactions', 'topic', 'real'],
  broker: ['kafkit', 'kafka'],
};

/** Whether these values may stand in one cell (some of them may be missing). */
export function isPossible({ step, fault, data, database, broker }, available) {
  if (fault !== undefined && available.faults?.includes(fault) === false) return false;
  if (step !== undefined && available.steps?.includes(step) === false) return false;
  if (data !== undefined && available.data?.includes(data) === false) return false;
  if (database !== undefined && !available.databases.includes(database)) return false;
  if (broker !== undefined && !available.brokers.includes(broker)) return false;
  if (database === 'topic' && fault?.endsWith('-database') === true) return false;
  // Of two, the other one may get all of the poison.
  if (fault === 'kill-one-of-two' && step?.startsWith('dead-letter') === true) return false;
  if (fault === 'kill-one-of-two' && step?.startsWith('retr') === true) return false;
  // Only the scripted server can say that its disk is full.
  const isScripted = database === 'scripted' || database === 'transactions';
  const isPlayed = fault === 'full-database' || fault === 'half-of-database';
  if (isPlayed && database !== undefined && !isScripted) return false;
  if (fault === 'kill-database' && database === 'real') return false;
  // Only our broker tells its clients another address than the one it listens on.
  if (fault === 'cut-broker' && broker === 'kafka') return false;
  if (data !== undefined && step?.startsWith('dead-letter') === true && data !== 'poison')
    return false;
  if (data !== undefined && step?.startsWith('retr') === true && data !== 'reluctant') return false;
  return true;
}

/** A small generator of numbers in [0, 1): mulberry32. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const names = Object.keys(dimensions);

function pairsOf(cell) {
  const pairs = [];
  for (const [at, left] of names.entries()) {
    for (const right of names.slice(at + 1)) {
      pairs.push(`${left}=${cell[left]} ${right}=${cell[right]}`);
    }
  }
  return pairs;
}

/** Cells that cover every possible pair of values, chosen greedily from the seed. */
export function allPairs(seed, available) {
  const random = randomFrom(seed);
  let all = [{}];
  for (const name of names) {
    all = all.flatMap((cell) => dimensions[name].map((value) => ({ ...cell, [name]: value })));
    all = all.filter((cell) => isPossible(cell, available));
  }
  const open = new Set(all.flatMap(pairsOf));
  const pairCount = open.size;
  const cells = [];
  while (open.size > 0) {
    let best;
    let bestCount = 0;
    // A sample is enough: the greedy choice need not be the best one.
    const wanted = [...open][Math.floor(random() * open.size)];
    const candidates = all.filter((cell) => pairsOf(cell).includes(wanted));
    for (let tries = 0; tries < 60; tries++) {
      const cell = candidates[Math.floor(random() * candidates.length)];
      const count = pairsOf(cell).filter((pair) => open.has(pair)).length;
      if (count > bestCount) [best, bestCount] = [cell, count];
    }
    for (const pair of pairsOf(best)) open.delete(pair);
    cells.push(best);
  }
  return { cells, pairCount };
}

/** The fast selection: every step, every fault and every kind of data at least once. */
export function fastCells(available) {
  const [first = 'scripted', second = first] = available.databases.filter((d) => d !== 'scripted');
  const broker = 'kafkit';
  return [
    { step: 'fetched', fault: 'kill-pipeline', data: 'unkeyed', database: first, broker },
    { step: 'mid-write', fault: 'kill-pipeline', data: 'keyed', database: second, broker },
    { step: 'written', fault: 'kill-pipeline', data: 'tombstones', database: first, broker },
    { step: 'committing', fault: 'kill-broker', data: 'unkeyed', database: 'scripted', broker },
    { step: 'mid-write', fault: 'kill-database', data: 'keyed', database: second, broker },
    { step: 'rebalancing', fault: 'zombie', data: 'keyed', database: first, broker },
    { step: 'draining', fault: 'kill-pipeline', data: 'poison', database: 'scripted', broker },
    { step: 'dead-lettered', fault: 'kill-pipeline', data: 'poison', database: second, broker },
    { step: 'retried', fault: 'kill-pipeline', data: 'reluctant', database: first, broker },
    { step: 'retrying', fault: 'kill-pipeline', data: 'reluctant', database: 'scripted', broker },
    { step: 'retried', fault: 'kill-pipeline', data: 'reluctant', database: 'topic', broker },
    { step: 'dead-lettering', fault: 'cut-broker', data: 'poison', database: 'scripted', broker },
    {
      step: 'before-write',
      fault: 'full-database',
      data: 'tombstones',
      database: 'scripted',
      broker,
    },
    { step: 'committed', fault: 'cut-database', data: 'unkeyed', database: first, broker },
    { step: 'written', fault: 'slow-database', data: 'keyed', database: 'transactions', broker },
    { step: 'mid-write', fault: 'kill-pipeline', data: 'poison', database: 'transactions', broker },
    {
      step: 'before-write',
      fault: 'half-of-database',
      data: 'keyed',
      database: 'scripted',
      broker,
    },
    { step: 'mid-write', fault: 'kill-pipeline', data: 'unkeyed', database: 'topic', broker },
    { step: 'written', fault: 'kill-one-of-two', data: 'keyed', database: 'topic', broker },
    { step: 'committing', fault: 'kill-broker', data: 'tombstones', database: 'topic', broker },
    { step: 'committing', fault: 'kill-pipeline', data: 'keyed', database: 'topic', broker },
    { step: 'dead-lettered', fault: 'kill-pipeline', data: 'poison', database: 'topic', broker },
    { step: 'mid-write', fault: 'zombie', data: 'poison', database: 'topic', broker },
  ].filter((cell) => isPossible(cell, available));
}

/**
 * Cells that must fail when the pipeline is made worse on purpose: a check that cannot fail proves
 * nothing.
 */
export const sabotages = {
  // A late writer, with neither guard nor lease: an old state comes back.
  guard: { step: 'mid-write', fault: 'zombie', data: 'keyed', database: 'scripted' },
  // Acknowledged before it is written: what was committed is lost.
  order: { step: 'committed', fault: 'kill-pipeline', data: 'unkeyed', database: 'scripted' },
  // Records and offsets apart: records come twice.
  transactions: { step: 'written', fault: 'kill-pipeline', data: 'unkeyed', database: 'topic' },
};
