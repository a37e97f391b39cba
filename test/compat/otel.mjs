// kafkit/otel with the real @opentelemetry packages, in a program that has installed the package
// beside them: its types hold, contexts go over a topic by the W3C propagator, spans are linked.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { require, root, run, temporaryDirectory } from './environment.mjs';

const versions = {
  '@opentelemetry/api': '1.9.0',
  '@opentelemetry/sdk-trace-node': '2.2.0',
  '@types/node': '20.19.25',
};

const program = `
import * as api from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { openTelemetry } from 'kafkit/otel';
import { startBroker } from 'kafkit/testing';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const telemetry = openTelemetry(api);
const broker = await startBroker({ topics: { orders: {} } });
const kafka = broker.kafka();
const producer = kafka.producer({ interceptors: [telemetry.producer], compression: 'zstd' });
const tracer = api.trace.getTracer('shop');
await tracer.startActiveSpan('checkout', async (span) => {
  await producer.send({ topic: 'orders', value: 'one' });
  span.end();
});
const consumer = kafka.consumer({ groupId: 'g', topics: ['orders'], fromBeginning: true });
for await (const record of consumer) {
  await telemetry.process(record, () => tracer.startActiveSpan('inside', (span) => span.end()), 'g');
  break;
}
await kafka.close();
await broker.close();
telemetry.close();
const spans = exporter.getFinishedSpans();
const one = (name: string) => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error('no span ' + name + ' among ' + spans.map((s) => s.name).join());
  return found;
};
const checkout = one('checkout').spanContext();
const [sent, processed] = [one('send orders'), one('process orders')];
console.log(
  sent.kind === api.SpanKind.PRODUCER,
  processed.kind === api.SpanKind.CONSUMER,
  sent.links[0]?.context.spanId === checkout.spanId,
  processed.links[0]?.context.traceId === checkout.traceId,
  one('inside').parentSpanContext?.spanId === processed.spanContext().spanId,
  sent.attributes['messaging.system'],
);
`;

const directory = temporaryDirectory('otel');
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
require(stdout.trim() === 'true true true true true kafka', `the program printed ${stdout}`);
console.log('otel: contexts and links go over a topic with the real packages');
