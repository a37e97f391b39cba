// Our client against one real Apache Kafka node: the checks of client-apache.mjs.
import { join } from 'node:path';
import {
  freePort,
  root,
  runAside,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const directory = temporaryDirectory('apache-single');
const address = startApacheKafka('single', directory, await freePort());
const program = join(root, 'test', 'compat', 'client-apache.mjs');
console.log((await runAside(process.execPath, [program, address])).trim());
stopApacheKafka(directory);
