// PyKafka of 2018, which speaks versions that Apache Kafka 4 no longer accepts, against our broker.
import { join } from 'node:path';
import {
  python,
  require,
  runAside,
  shared,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

const broker = await startKafkit({ data: temporaryDirectory('pykafka') });
const program = join(shared, 'seeds-clients', 'pykafka_hello.py');
const printed = await runAside('timeout', [
  '90',
  python(),
  '-B',
  '-W',
  'ignore',
  program,
  '--broker',
  broker.address,
]);
console.log(printed.trim());
require(/^OK /m.test(printed), 'the program should end with OK');
await broker.stop();
