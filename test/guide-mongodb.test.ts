import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDescription } from '../src/connect/index.js';
import { realSystem, silentLogger } from '../src/system/index.js';
import { startBroker, type TestBroker } from '../src/testing/index.js';
import { ScriptedMongoDb } from './killmatrix/scripted-mongodb.mjs';

/**
 * What the guide of the MongoDB sink shows and `docs.test.ts` cannot run, because it needs a
 * database: here is one. Its blocks are taken as they stand, but for the two addresses.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const guide = readFileSync(join(root, 'docs', 'guides', 'from-a-topic-to-mongodb.md'), 'utf8');
const limitMs = 60_000;
let broker: TestBroker;
let server: ScriptedMongoDb;
let directory: string;
let address: string;

beforeEach(async () => {
  const config = { 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ topics: { numtest: {} }, config, logger: silentLogger });
  address = await broker.listen();
  server = await ScriptedMongoDb.start();
  directory = mkdtempSync(join(tmpdir(), 'kafkit-guide-'));
  const producer = broker.kafka().producer();
  const numbers = Array.from({ length: 100 }, (_, number) => JSON.stringify({ number }));
  const values = [...numbers, 'not JSON'];
  await producer.send(values.map((value) => ({ topic: 'numtest', value })));
  await producer.close();
});
afterEach(async () => {
  await server.stop();
  await broker.close();
  rmSync(directory, { recursive: true });
});

/** The blocks of a language that are not marked `run`, with the addresses of this test. */
function blocks(language: string): string[] {
  const mongodb = new URL(server.uri).host;
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, code = '']) =>
      code.replaceAll('localhost:9092', address).replaceAll('localhost:27017', mongodb),
  );
}

function run(command: string, args: readonly string[]) {
  const env = { ...process.env, KAFKA: address };
  const child = spawn(command, args, { cwd: directory, env });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<{ code: unknown; output: string }>((done) => {
    child.on('close', (code, by) => done({ code: code ?? by, output }));
  });
  return { child, ended };
}

/** Until all numbers are stored, and then as with Ctrl-C. */
async function untilStored({ child, ended }: ReturnType<typeof run>): Promise<string> {
  const stored = () => server.documents('numtest.numtest').length;
  await expect.poll(stored, { timeout: 30_000 }).toBe(100);
  child.kill('SIGINT');
  const { code, output } = await ended;
  expect(code, output).toBe(0);
  return output;
}

test('the program stores the numbers, and ends with Ctrl-C', { timeout: limitMs }, async () => {
  const [program = ''] = blocks('ts');
  // Inside the package, so that `kafkit` is found.
  const workshop = join(root, 'dist', '.guide-mongodb');
  mkdirSync(workshop, { recursive: true });
  const file = join(workshop, 'numtest.mjs');
  writeFileSync(file, program);
  try {
    await untilStored(run(process.execPath, [file]));
  } finally {
    rmSync(workshop, { recursive: true });
  }
});

test('the file and the commands do what their comments say', { timeout: limitMs }, async () => {
  const [yaml = ''] = blocks('yaml');
  writeFileSync(join(directory, 'numtest.yaml'), yaml);
  const cli = join(root, 'dist', 'bundle', 'cli.js');
  const lines = blocks('sh').join('').split('\n');
  const said = new Map<string, string>();
  for (const line of lines.filter((each) => each.startsWith('npx kafkit '))) {
    const [words = ''] = line.replace('npx kafkit ', '').split(' #');
    const running = run(process.execPath, [cli, ...words.trim().split(' ')]);
    if (words.startsWith('pipe run')) said.set('pipe run', await untilStored(running));
    else {
      const { code, output } = await running.ended;
      // A check that finds a record which would fail ends with 3.
      expect([0, 3], output).toContain(code);
      said.set(words.split(' ').slice(0, 2).join(' '), output);
    }
  }
  expect(said.get('pipe check')).toContain('null = {"number":0}');
  expect(said.get('pipe run')).toContain('100 records written, 1 dead letter');
  expect(said.get('pipe status')).toMatch(/numtest +0 +101 +101 +0/);
  expect(said.get('dlq list')).toMatch(/1 +numtest +VALUE_CONVERTER/);
  expect(said.get('dlq redrive')).toContain('1 record to numtest');
});

test('every choice of the table is one', async () => {
  const [table = ''] = /^\| you want \| say \|[^]*?\n\n/m.exec(guide) ?? [];
  const said = [...table.matchAll(/^\|.*\| (.*) \|$/gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+: .*?)`/g)])
    .map(([, text = '']) => parse(text.replaceAll('…', 'numtest.dlq')) as Record<string, unknown>);
  expect(said.length).toBeGreaterThan(12);
  for (const choice of said) {
    const [name = ''] = Object.keys(choice);
    const isOfPipeline = ['errors', 'tasks', 'via'].includes(name);
    const description = {
      from: { topics: ['numtest'], groupId: 'g', valueFormat: 'json' },
      to: { mongodb: { uri: 'mongodb://localhost', ...(isOfPipeline ? {} : choice) } },
      ...(isOfPipeline ? choice : {}),
    };
    const text = JSON.stringify(description);
    await expect(
      readDescription(text, 'pipe.json', { system: realSystem() }),
    ).resolves.toBeDefined();
  }
});
