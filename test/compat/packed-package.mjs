// The package as npm would deliver it, installed in a directory of its own: its types hold with the
// oldest and a newer @types/node under strict settings, its entry points load by import and by
// require, and its command answers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { require, root, run, temporaryDirectory } from './environment.mjs';

const directory = temporaryDirectory('packed');
const packed = run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: root });
const tarball = join(directory, packed.stdout.trim().split('\n').at(-1));

const program = `
import { Kafka, json, KafkaError, isKafkaError } from 'kafkit';
import { Broker } from 'kafkit/broker';
import { startBroker } from 'kafkit/testing';

interface Order { id: number }
const broker = await startBroker({ topics: { orders: { partitions: 2 } } });
const kafka: Kafka = broker.kafka();
const producer = kafka.producer({ valueSerializer: json<Order>() });
const { offset } = await producer.send({ topic: 'orders', key: 'k', value: { id: 7 } });
const consumer = kafka.consumer({ groupId: 'g', topics: ['orders'], offsetReset: 'earliest', valueDeserializer: json<Order>() });
for await (const record of consumer) {
  const id: number = record.value?.id ?? -1;
  console.log('id', id, 'offset', offset, typeof Broker.start, isKafkaError(new KafkaError('CLOSED')));
  break;
}
await consumer.close();
await producer.close();
await broker.close();
`;
const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  skipLibCheck: false,
  outDir: 'out',
};

for (const types of ['20', '24']) {
  const project = join(directory, `types-${types}`);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"type":"module","private":true}');
  writeFileSync(join(project, 'program.ts'), program);
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts'] }),
  );
  const packages = [tarball, `@types/node@${types}`];
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...packages], { cwd: project });
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
  const { stdout } = run(process.execPath, [join('out', 'program.js')], {
    cwd: project,
    timeout: 60_000,
  });
  require(stdout.trim() === 'id 7 offset 0 function true', `the program printed ${stdout}`);
  const required = "const { Kafka } = require('kafkit'); console.log(typeof Kafka)";
  const flags = ['--input-type=commonjs', '--no-warnings', '-e', required];
  require(run(process.execPath, flags, { cwd: project }).stdout.trim() ===
    'function', 'require() should load it');
  const answer = run('npx', ['--no-install', 'kafkit', '--version'], {
    cwd: project,
  }).stdout.trim();
  require(/^kafkit \d+\.\d+\.\d+$/.test(answer), `kafkit --version printed ${answer}`);
}
console.log('types, import, require and the command work from the packed package');
