import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fullTestName } from './test-names.js';

/**
 * Mistakes that clients for Node have made, some of them for years, and the tests by which this
 * one is kept from making them. `KAFKIT_UPDATE=1 npx vitest run test/rivals-mistakes.test.ts`
 * rewrites the page.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'rivals-mistakes.md');

type Shown = readonly [file: string, test: string];

interface Mistake {
  readonly mistake: string;
  readonly shown: readonly Shown[];
}

const consumer = 'src/client/consumer/consumer.test.ts';
const fetched = 'src/client/consumer/fetched-partition.test.ts';
const producer = 'test/client/producer.test.ts';
const connection = 'test/client/connection.test.ts';
const endurance = 'test/client/endurance.test.ts';
const restart = 'test/client/restart.test.ts';
const exactlyOnce = 'test/client/transactions-exactly-once.test.ts';

const mistakes: readonly Mistake[] = [
  {
    mistake: "Aborted records are delivered; a user's key is taken for a marker",
    shown: [
      [fetched, 'a random log, cut into answers anywhere, gives what a patient reader would see'],
      [fetched, 'a transaction that began in an earlier answer is left out here as well'],
      [fetched, 'a record with the key of a marker is a record, and ends no transaction'],
    ],
  },
  {
    mistake: 'Offsets are committed before the application has seen the records',
    shown: [[consumer, 'cover what the loop has finished, not what it has at hand']],
  },
  {
    mistake: 'Idempotence with one request in flight, or duplicates under a new producer id',
    shown: [
      [producer, 'five in flight of which the first fails arrive in order, none twice'],
      [producer, 'a batch that was written although the answer was lost is not written twice'],
    ],
  },
  {
    mistake: "Keys go to other partitions than Java's",
    shown: [[producer, 'keys go where murmur2 of Java sends them']],
  },
  {
    mistake: 'One request for each call; tiny batches',
    shown: [
      [producer, 'what one turn sends goes in one request'],
      [producer, 'records without a key fill one batch after the other, over all partitions'],
    ],
  },
  {
    mistake: 'Heartbeats wait for the handler; the member is expelled',
    shown: [[endurance, 'stays a member while its loop works longer than the session lasts']],
  },
  {
    mistake: 'A restart of the broker hangs the client, or costs minutes',
    shown: [
      [restart, 'a producer goes on over restarts and crashes'],
      [restart, 'a consumer in a group goes on over restarts and crashes'],
    ],
  },
  {
    mistake: 'A consumer stops reading and says nothing',
    shown: [
      [endurance, 'a fetch that is never answered is given up and sent again'],
      ['test/client/idle-topics.test.ts', 'a topic stays known while it is read, however quiet'],
    ],
  },
  {
    mistake: 'Throttle times are ignored',
    shown: [[connection, 'a throttle holds the connection as long as the broker says']],
  },
  {
    mistake: "The first broker's API versions are used with all brokers",
    shown: [[connection, 'uses the newest version that both sides know, on each connection']],
  },
  {
    mistake: 'All or nothing is paused; no seek',
    shown: [[consumer, 'seek, pause and resume work for each partition by itself']],
  },
  {
    mistake: 'Whole answers are decoded at once; memory without bounds',
    shown: [
      [endurance, 'makes records one by one, however many came in one answer'],
      ['src/client/consumer/fetcher.test.ts', 'nothing is asked while the buffer holds queued'],
      [producer, 'a full buffer makes send wait, and gives up with what to do'],
    ],
  },
  {
    mistake: 'Offsets are added to a transaction record by record',
    shown: [[exactlyOnce, 'a batch costs one commit of offsets, however many records it has']],
  },
  {
    mistake: 'A late answer is taken for that of another request',
    shown: [[connection, 'an answer after the time-out is dropped and the next ones still fit']],
  },
  {
    mistake: 'What cannot succeed is tried again; poisoned records loop for ever',
    shown: [
      [producer, 'what cannot succeed is not tried again'],
      [consumer, 'a poisoned record is an error that says where, and is passed by seeking'],
    ],
  },
  {
    mistake: 'A codec that is not installed crashes the consumer',
    shown: [[endurance, 'reads %s without anything being installed']],
  },
  {
    mistake: 'Of headers with one name all but one are lost',
    shown: [[consumer, 'a record is a plain object that can be printed as JSON, headers and all']],
  },
  {
    mistake: 'Errors of the network end in unhandled rejections',
    shown: [[endurance, 'never end in an unhandled rejection']],
  },
  {
    mistake: 'Metadata that has grown old holds up the next send',
    shown: [[endurance, 'sends by what it knows while the metadata cannot be renewed']],
  },
  {
    mistake: 'Importing the client loads hundreds of modules',
    shown: [['test/rivals-mistakes.test.ts', 'importing the client reads a handful of files']],
  },
];

function printed(): string {
  const rows = mistakes.map(({ mistake, shown }, index) => {
    const tests = shown.map((one) => `${fullTestName(one)} (\`${one[0]}\`)`);
    return `| ${index + 1} | ${mistake} | ${tests.join('; ')} |`;
  });
  return [
    '# Mistakes of other clients',
    '',
    'Clients for Node have made these mistakes, some of them for years. Beside each stands what this',
    'client does instead: the names of the tests that see to it.',
    '',
    '| | mistake | what is tested here |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

test('the page of mistakes is what the table says, and every test named there exists', () => {
  const now = printed();
  expect(mistakes).toHaveLength(20);
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});

/** What `import 'kafkit'` reads of the package itself; what is loaded on demand does not count. */
function filesOf(entry: string): Set<string> {
  const bundle = join(root, 'dist', 'bundle');
  const known = new Set(readdirSync(bundle));
  const found = new Set<string>();
  const open = [entry];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name) || !known.has(name)) continue;
    found.add(name);
    const text = readFileSync(join(bundle, name), 'utf8');
    for (const [, file = ''] of text.matchAll(/^(?:import|export) .*?"\.\/([^"]+)";$/gm)) {
      open.push(file);
    }
  }
  return found;
}

test('importing the client reads a handful of files', () => {
  const files = filesOf('index.js');
  expect(files.size).toBeGreaterThan(5);
  expect(files.size).toBeLessThan(30);
  // And nothing of the broker.
  expect([...files].filter((name) => name.startsWith('broker'))).toEqual([]);
});
