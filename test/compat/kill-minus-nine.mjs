// Kills our broker with SIGKILL again and again under an idempotent librdkafka producer, then
// compares what was acknowledged with what is there.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  python,
  require,
  root,
  runAside,
  sleep,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

const kills = Number(process.argv[2] ?? 20);
const data = temporaryDirectory('kills');
const acked = join(temporaryDirectory('acked'), 'acked.txt');
const program = join(root, 'test', 'compat', 'kill_minus_nine.py');

let broker = await startKafkit({ data });
const port = Number(broker.address.split(':').at(-1));
const producer = spawn(python(), ['-B', program, 'produce', broker.address, 'ledger', acked], {
  stdio: ['pipe', 'inherit', 'inherit'],
});
process.on('exit', () => producer.kill('SIGKILL'));
const ended = new Promise((done) => producer.on('close', done));

/** Bytes of the list of acknowledged records: how far the producer has come. */
const progress = () => (existsSync(acked) ? statSync(acked).size : 0);

for (let n = 0; n < kills; n++) {
  // A kill proves something only while records are being acknowledged.
  const before = progress();
  const deadline = Date.now() + 30_000;
  while (progress() < before + 2000) {
    require(Date.now() < deadline, `nothing was acknowledged for 30 s before kill ${n + 1}`);
    await sleep(5);
  }
  await sleep((n * 37) % 300);
  await broker.kill();
  broker = await startKafkit({ data, port });
}
await sleep(1500);
producer.stdin.end('stop\n');
require((await ended) === 0, 'the producer should end well');
console.log(await runAside(python(), ['-B', program, 'check', broker.address, 'ledger', acked]));
await broker.stop();
console.log(`${kills} kills survived`);
