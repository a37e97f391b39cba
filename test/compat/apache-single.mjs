// Our client against one real Apache Kafka node: the checks of client-apache.mjs.
import { join } from 'node:path';
import {
  root,
  runAside,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const directory = temporaryDirectory('apache-single');
const address = startApacheKafka('single', directory, 19192);
const program = join(root, 'test', 'compat', 'client-apache.mjs');
console.log((await runAside(process.execPath, [program, address])).trim());
stopApacheKafka(directory);
