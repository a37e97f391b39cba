// The programs of a tutorial's reader in Python (kafka-python, confluent-kafka, pymongo) against
// our broker, with a MongoDB stand-in beside it.
import { join } from 'node:path';
import {
  freePort,
  python,
  run,
  runAside,
  shared,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

python();
const database = temporaryDirectory('mongodb');
const mongodb = join(shared, 'mongodb');
const started = run(join(mongodb, 'start-mongo-java-server'), [database, String(await freePort())]);
const uri = started.stdout.trim().split('\n').at(-1);
process.on('exit', () => run(join(mongodb, 'stop'), [database], { mayFail: true }));

const broker = await startKafkit({ data: temporaryDirectory('seeds') });
const printed = await runAside(join(shared, 'seeds-clients', 'run'), [broker.address, uri]);
await broker.stop();
console.log(printed.trim());
const ok = printed.split('\n').filter((line) => line.startsWith('OK ')).length;
if (ok !== 9) throw new Error(`9 programs should end with OK, ${ok} did`);
