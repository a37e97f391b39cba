import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../src/system/index.js';
import { startBroker, type TestBroker } from '../src/testing/index.js';
import { ScriptedMongoDb } from './killmatrix/scripted-mongodb.mjs';

/**
 * The tutorial's task, done in three ways, each struck by SIGKILL right after a write has reached
 * the database and before the program knows.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const limitMs = 90_000;
let broker: TestBroker;
let server: ScriptedMongoDb;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  broker = await startBroker({
    topics: { numtest: {} },
    config: { 'group.initial.rebalance.delay.ms': '0' },
    logger: silentLogger,
  });
  server = await ScriptedMongoDb.start();
  environment = { ...process.env, KAFKA: await broker.listen(), MONGODB: server.uri };
  const producer = broker.kafka().producer();
  const numbers = Array.from({ length: 1000 }, (_, number) => JSON.stringify({ number }));
  await producer.send(numbers.map((value) => ({ topic: 'numtest', value })));
  await producer.close();
});
afterEach(async () => {
  server.rules.length = 0;
  await server.stop();
  await broker.close();
});

const cli = join('dist', 'bundle', 'cli.js');
const yaml = [cli, 'pipe', 'run', join('examples', 'numbers-pipeline.yaml'), '-q'];

test('the pipeline of the tutorial stores each number once', { timeout: limitMs }, async () => {
  await killedAndRunAgain([join('examples', 'numtest.mjs')], { command: 'update', nth: 1 });
  expect(stored('numtest')).toEqual({ documents: 1000, numbers: 1000 });
});

test('the same in YAML stores each number once', { timeout: limitMs }, async () => {
  await killedAndRunAgain(yaml, { command: 'update', nth: 1 });
  expect(stored('numtest')).toEqual({ documents: 1000, numbers: 1000 });
});

test('automatic commits and inserts store numbers twice', { timeout: limitMs }, async () => {
  const naive = [join('examples', 'numtest-naive.mjs')];
  await killedAndRunAgain(naive, { command: 'insert', nth: 300 });
  const { documents, numbers } = stored('naive');
  expect(numbers).toBe(1000);
  expect(documents).toBeGreaterThan(1000);
});

function stored(collection: string) {
  const documents = server.documents(`numtest.${collection}`);
  return { documents: documents.length, numbers: new Set(documents.map((d) => d.number)).size };
}

async function killedAndRunAgain(args: string[], at: { command: string; nth: number }) {
  let count = 0;
  const first = run(args);
  server.rules.push((_, name) => {
    if (name === at.command && ++count === at.nth) {
      // The command is carried out, its answer meets nobody.
      setImmediate(() => first.child.kill('SIGKILL'));
      return 'close-after';
    }
    // Whatever it sent besides is lost with it.
    return count >= at.nth && !first.child.killed ? 'stall' : undefined;
  });
  expect(await first.ended).toBe('SIGKILL');
  server.rules.length = 0;
  const second = run([...args, '--exit']);
  expect(await second.ended).toBe(0);
}

function run(args: string[]) {
  const child = spawn(process.execPath, args, { cwd: root, env: environment, stdio: 'ignore' });
  const ended = new Promise((done) => child.on('close', (code, by) => done(code ?? by)));
  return { child, ended };
}
