// The schemas of zod, valibot and arktype as serializers and deserializers, in a program that has
// installed the package beside them: its types hold, values go over a broker, and what does not fit
// is refused with topic, partition, offset and path.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { require, root, run, temporaryDirectory } from './environment.mjs';

const versions = { zod: '4.6.7', valibot: '1.5.0', arktype: '2.2.10', '@types/node': '20.19.25' };

const program = `
import { type } from 'arktype';
import { byTopic, isKafkaError, json } from 'kafkit';
import { startBroker } from 'kafkit/testing';
import * as v from 'valibot';
import * as z from 'zod';

// Text on the wire, a date in the program.
const zodEvent = z.object({
  at: z.iso.datetime().transform((text) => new Date(text)),
  lines: z.array(z.object({ price: z.number() })),
});
const valibotEvent = v.object({
  at: v.pipe(v.string(), v.transform((text) => new Date(text))),
  lines: v.array(v.object({ price: v.number() })),
});
const arktypeEvent = type({ at: 'string.date.iso.parse', lines: type({ price: 'number' }).array() });

const broker = await startBroker({ topics: { zod: {}, valibot: {}, arktype: {} } });
const kafka = broker.kafka();
const plain = kafka.producer();
const topics = ['zod', 'valibot', 'arktype'] as const;
const serde = byTopic({ zod: zodEvent, valibot: valibotEvent, arktype: json(arktypeEvent) });
const producer = kafka.producer({ valueSerializer: serde });
const good = { at: '2024-01-01T00:00:00.000Z', lines: [{ price: 1 }] };
for (const topic of topics) {
  await producer.send({ topic, value: good });
  const bad = { at: good.at, lines: [{ price: 1 }, { price: 'much' }] };
  const refused = await producer.send({ topic, value: bad as never }).catch((error: unknown) => error);
  if (!isKafkaError(refused, 'SERIALIZATION_FAILED')) throw new Error(String(refused));
  await plain.send({ topic, value: JSON.stringify(bad) });
  const consumer = kafka.consumer({ topics: [topic], fromBeginning: true, valueDeserializer: serde });
  const seen: string[] = [];
  try {
    for await (const { value } of consumer) {
      const at: Date = value.at;
      seen.push(String(at.getUTCFullYear()));
    }
  } catch (error) {
    if (!isKafkaError(error, 'DESERIALIZATION_FAILED')) throw error;
    const { topic, partition, offset } = error.context;
    console.log(seen.join(), topic, partition, offset, /lines\\[1\\]\\.price/.test(error.message));
  }
  await consumer.close();
}
// Each by itself, with its own types.
const one = kafka.producer({ valueSerializer: zodEvent });
await one.send({ topic: 'zod', value: good });
const two = kafka.producer({ valueSerializer: json(arktypeEvent) });
await two.send({ topic: 'arktype', value: good });
const three = kafka.producer({ valueSerializer: valibotEvent });
// @ts-expect-error a date is what comes out
await three.send({ topic: 'valibot', value: { ...good, at: new Date() } }).catch(() => undefined);
const later = z.string().refine(async () => true);
const waits = await kafka.producer({ valueSerializer: later }).send({ topic: 'zod', value: 'x' })
  .catch((error: unknown) => error);
console.log(isKafkaError(waits, 'SERIALIZATION_FAILED') && /asynchronously/.test(waits.message));
await kafka.close();
await broker.close();
`;

const directory = temporaryDirectory('schemas');
const packed = run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: root });
const tarball = join(directory, packed.stdout.trim().split('\n').at(-1));
writeFileSync(join(directory, 'package.json'), '{"type":"module","private":true}');
writeFileSync(join(directory, 'program.ts'), program);
const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  skipLibCheck: true,
  outDir: 'out',
};
writeFileSync(
  join(directory, 'tsconfig.json'),
  JSON.stringify({ compilerOptions, include: ['*.ts'] }),
);
const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
const flags = ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund'];
run('npm', [...flags, tarball, ...packages], { cwd: directory });
run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', directory]);
const { stdout } = run(process.execPath, [join('out', 'program.js')], {
  cwd: directory,
  timeout: 60_000,
});
const wanted = ['2024 zod 0 1 true', '2024 valibot 0 1 true', '2024 arktype 0 1 true', 'true'];
require(stdout.trim() === wanted.join('\n'), `the program printed ${stdout}`);
console.log(`schemas: ${Object.keys(versions).slice(0, 3).join(', ')} write, read and refuse`);
