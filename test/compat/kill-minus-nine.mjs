// Kills our broker with SIGKILL again and again under librdkafka's producers, then compares what
// they were told with what is there: an idempotent producer first, then transactional ones.
//   node test/compat/kill-minus-nine.mjs [kills] [idempotent|transactional]
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
const loads = [
  { name: 'idempotent', program: 'kill_minus_nine.py', mode: 'produce', bytesBetween: 2000 },
  {
    name: 'transactional',
    program: 'kill_minus_nine_transactions.py',
    mode: 'transact',
    // One line per transaction, of about twenty letters.
    bytesBetween: 60,
  },
];
const wanted = loads.filter(({ name }) => [undefined, name].includes(process.argv[3]));
require(wanted.length > 0, `There are no ${process.argv[3]} producers here.`);

for (const load of wanted) await killUnder(load);

async function killUnder({ name, program, mode, bytesBetween }) {
  const data = temporaryDirectory('kills');
  const told = join(temporaryDirectory('told'), 'told.txt');
  const path = join(root, 'test', 'compat', program);
  const flags = ['-o', 'group.initial.rebalance.delay.ms=0'];
  let broker = await startKafkit({ data, flags });
  const port = Number(broker.address.split(':').at(-1));
  const producer = spawn(python(), ['-B', path, mode, broker.address, 'ledger', told], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  process.on('exit', () => producer.kill('SIGKILL'));
  let isOver = false;
  const ended = new Promise((done) => producer.on('close', done));
  void ended.then(() => {
    isOver = true;
  });
  /** Bytes of the list of what the producer was told: how far it has come. */
  const progress = () => (existsSync(told) ? statSync(told).size : 0);

  for (let n = 0; n < kills; n++) {
    // A kill proves something only while answers arrive.
    const before = progress();
    const deadline = Date.now() + 60_000;
    while (progress() < before + bytesBetween) {
      require(!isOver, `the ${name} producer ended before kill ${n + 1}`);
      require(Date.now() < deadline, `no answer came for 60 s before kill ${n + 1}`);
      await sleep(5);
    }
    await sleep((n * 37) % 300);
    await broker.kill();
    broker = await startKafkit({ data, port, flags });
  }
  await sleep(1500);
  producer.stdin.end('stop\n');
  require((await ended) === 0, `the ${name} producer should end well`);
  console.log(await runAside(python(), ['-B', path, 'check', broker.address, 'ledger', told]));
  await broker.stop();
  console.log(`${kills} kills under ${name} producers survived`);
}
