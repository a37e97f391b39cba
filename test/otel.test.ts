import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { channel } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { openTelemetry, type OpenTelemetryApi, type SpanContext } from '../src/otel/index.js';
import { startBroker } from '../src/testing/index.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Told {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Record<string, string | number>;
  readonly links: string[];
  error?: string;
}

type Context = SpanContext | undefined;
type Carrier = (readonly [string, string])[];

/** A tracer whose contexts are span contexts, and whose propagator writes `traceparent`. */
function fakeApi() {
  const told: Told[] = [];
  let active: Context;
  let spans = 0;
  const api: OpenTelemetryApi<Context> = {
    ROOT_CONTEXT: undefined,
    trace: {
      getTracer: () => ({
        startSpan(name, { kind, attributes, links = [] }) {
          const spanId = String(++spans);
          const linked = links.map(({ context }) => context.spanId);
          const span: Told = { name, kind, attributes: { ...attributes }, links: linked };
          return {
            spanId,
            setStatus: ({ message }: { message?: string }) => {
              span.error = message ?? '';
            },
            setAttribute: (key: string, value: string | number) => {
              span.attributes[key] = value;
            },
            recordException: () => undefined,
            end: () => void told.push(span),
          };
        },
      }),
      setSpan: (_context, span: { spanId: string }) => context(span.spanId),
      getSpanContext: (of) => of,
    },
    context: {
      active: () => active,
      with(of, work) {
        const before = active;
        active = of;
        try {
          return work();
        } finally {
          active = before;
        }
      },
    },
    propagation: {
      inject(of, carrier, setter) {
        if (of !== undefined) setter?.set(carrier as never, 'traceparent', of.spanId);
      },
      extract(_context, carrier, getter) {
        const found = getter?.get(carrier as Carrier as never, 'traceparent');
        return found === undefined ? undefined : context(found);
      },
    },
  };
  const during = <T>(spanId: string, work: () => T): T => api.context.with(context(spanId), work);
  return { api, told, during, active: () => active };
}

function context(spanId: string): SpanContext {
  return { traceId: 'trace', spanId, traceFlags: 1 };
}

test('a batch that is sent and what is processed have spans, linked by the headers', async () => {
  const broker = await startBroker({ topics: { orders: {} } });
  const kafka = broker.kafka({ clientId: 'shop' });
  const { api, told, during, active } = fakeApi();
  using telemetry = openTelemetry(api);
  const producer = kafka.producer({ interceptors: [telemetry.producer], lingerMs: 10 });
  const sends = [
    during('a', () => producer.send({ topic: 'orders', value: '1', headers: { mine: 'x' } })),
    during('b', () => producer.send({ topic: 'orders', value: '2', headers: [['mine', 'y']] })),
    during('b', () => producer.send({ topic: 'orders', value: '3' })),
    producer.send({ topic: 'orders', value: '4' }),
  ];
  await Promise.all(sends);
  expect(told.splice(0)).toEqual([
    {
      name: 'send orders',
      kind: 3,
      links: ['a', 'b'],
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
        'messaging.destination.partition.id': '0',
        'messaging.client.id': 'shop',
        'messaging.batch.message_count': 4,
        'messaging.kafka.offset': 0,
      },
    },
  ]);
  const consumer = kafka.consumer({ topics: ['orders'], fromBeginning: true });
  for await (const batch of consumer.batches()) {
    const [first] = batch.records;
    expect(first?.headers.list.map(([name]) => name)).toEqual(['mine', 'traceparent']);
    await telemetry.processBatch(batch, () => undefined, 'billing');
    const failing = telemetry.process(batch.records[1] as never, () => {
      expect(active()).toBeDefined();
      throw new TypeError('no');
    });
    await expect(failing).rejects.toThrow('no');
    break;
  }
  expect(told).toMatchObject([
    { name: 'process orders', kind: 4, links: ['a', 'b'] },
    { name: 'process orders', kind: 4, links: ['b'], error: 'no' },
  ]);
  expect(told[0]?.attributes).toMatchObject({
    'messaging.consumer.group.name': 'billing',
    'messaging.batch.message_count': 4,
  });
  expect(told[1]?.attributes).toMatchObject({
    'error.type': 'TypeError',
    'messaging.kafka.offset': 1,
  });
  telemetry.close();
  told.length = 0;
  await producer.send({ topic: 'orders', value: '5' });
  expect(told).toEqual([]);
  await kafka.close();
  await broker.close();
});

test('who listens hears of connections, requests, rebalances and commits', async () => {
  const broker = await startBroker({ topics: { orders: {} } });
  const names = ['client.connection', 'client.request', 'consumer.rebalance', 'consumer.commit'];
  const heard: Record<string, unknown[]> = {};
  const stops = names.map((name) => {
    const listen = (event: unknown): void => void (heard[name] ??= []).push(event);
    const of = channel(`kafkit.${name}`);
    of.subscribe(listen);
    return () => of.unsubscribe(listen);
  });
  const kafka = broker.kafka({ clientId: 'shop' });
  await kafka.producer().send({ topic: 'orders', value: 'x' });
  const consumer = kafka.consumer({ groupId: 'g', topics: ['orders'], fromBeginning: true });
  for await (const record of consumer) {
    await consumer.commit(record);
    break;
  }
  await consumer.close();
  await kafka.close();
  for (const stop of stops) stop();
  const place = { topic: 'orders', partition: 0 };
  expect(heard['client.connection']?.[0]).toMatchObject({ clientId: 'shop', state: 'opened' });
  const apis = heard['client.request']?.map((event) => (event as { api: string }).api);
  expect(apis).toEqual(expect.arrayContaining(['Metadata', 'Produce', 'JoinGroup', 'Fetch']));
  expect(heard['consumer.rebalance']?.[0]).toEqual({
    groupId: 'g',
    kind: 'assigned',
    partitions: [place],
  });
  expect(heard['consumer.commit']?.[0]).toMatchObject({
    groupId: 'g',
    offsets: [{ ...place, offset: 1 }],
    error: undefined,
  });
  await broker.close();
});

test('the page of channels names every channel there is, and no other', () => {
  const page = readFileSync(join(root, 'docs', 'reference', 'diagnostics.md'), 'utf8');
  const written = [...page.matchAll(/^\| `(kafkit\.[a-z.]+)`/gm)].map(([, name]) => name);
  const client = join(root, 'src', 'client');
  const files = readdirSync(client, { recursive: true, encoding: 'utf8' });
  const made = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(join(client, file), 'utf8').matchAll(/channel\('(kafkit\.[a-z.]+)'\)/g),
    ])
    .map(([, name]) => name);
  expect(new Set(written)).toEqual(new Set(made));
  expect(written).toHaveLength(made.length);
});
