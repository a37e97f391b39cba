// An application moves from classic consumer groups to those of KIP-848 and back while it runs,
// with members of librdkafka and of Java in one group: no record is lost and none read twice, and
// the group looks at every step as it does on Apache Kafka, which runs the same steps.
import { join } from 'node:path';
import {
  apache,
  freePort,
  python,
  require,
  root,
  runAside,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const work = temporaryDirectory('protocol-migration');
const console_ = join(apache, 'bin', 'kafka-console-consumer.sh');
const program = join(root, 'test', 'compat', 'protocol-migration.py');

async function stepsOn(bootstrapServers) {
  const printed = await runAside(python(), ['-B', program, bootstrapServers, console_], {
    env: { ...process.env, KAFKA_OPTS: '-XX:TieredStopAtLevel=1' },
  });
  const lines = printed.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

const broker = await startKafkit({ data: join(work, 'kafkit') });
const ours = await stepsOn(broker.address);
await broker.stop();
for (const step of ours) console.log(JSON.stringify(step));
require(ours.length === 7, `Seven steps were to be made, not ${ours.length}.`);
require(ours.every(({ again }) => again === 0), 'Records were read more than once on kafkit.');

const kafka = startApacheKafka('single', join(work, 'kafka'), await freePort());
const theirs = await stepsOn(kafka);
stopApacheKafka(join(work, 'kafka'));
for (const [at, { step, type, members }] of theirs.entries()) {
  const mine = ours[at];
  require(mine.step === step &&
    mine.type === type &&
    String(mine.members) ===
      String(
        members,
      ), `At "${step}" Apache Kafka has ${type} ${members}, kafkit ${mine.type} ${mine.members}.`);
}
console.log(`the same ${theirs.length} steps on Apache Kafka`);
