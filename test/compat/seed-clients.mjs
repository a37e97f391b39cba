// The programs of a tutorial's reader in Python (kafka-python, confluent-kafka, pymongo) against
// our broker, with a MongoDB stand-in beside it.
import { join } from 'node:path';
import {
  atExit,
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
atExit(() => run(join(mongodb, 'stop'), [database], { mayFail: true }));

const broker = await startKafkit({ data: temporaryDirectory('seeds') });
// KIP848=1 adds a consumer of the group protocol of KIP-848.
const env = { ...process.env, KIP848: '1' };
const programs = join(shared, 'seeds-clients', 'run');
const printed = await runAside(programs, [broker.address, uri], { env });
await broker.stop();
console.log(printed.trim());
const ok = printed.split('\n').filter((line) => line.startsWith('OK ')).length;
if (ok !== 10) throw new Error(`10 programs should end with OK, ${ok} did`);
