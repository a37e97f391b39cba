// Kills our broker with SIGKILL again and again under an idempotent librdkafka producer, then
// compares what was acknowledged with what is there.
import { spawn } from 'node:child_process';
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

for (let n = 0; n < kills; n++) {
  await sleep(400 + ((n * 137) % 700));
  await broker.kill();
  broker = await startKafkit({ data, port });
}
await sleep(1500);
producer.stdin.end('stop\n');
require((await ended) === 0, 'the producer should end well');
console.log(await runAside(python(), ['-B', program, 'check', broker.address, 'ledger', acked]));
await broker.stop();
console.log(`${kills} kills survived`);
