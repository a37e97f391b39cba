import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Metric } from '../../src/client/metric.js';
import { encodeMetrics, telemetryName } from '../../src/client/telemetry/otlp-metrics.js';
import { TelemetryReporter } from '../../src/client/telemetry/telemetry-reporter.js';
import { loadApi, type RequestDecoded } from '../../src/protocol/index.js';
import { silence, type FakeBroker } from './fake-broker.js';
import { FakeCluster, finished } from './fake-cluster.js';

type Push = RequestDecoded<'PushTelemetry'>;

beforeAll(async () => {
  await Promise.all([loadApi('GetTelemetrySubscriptions'), loadApi('PushTelemetry')]);
});

const tags = { 'client-id': 'c' };
const sent = (value: number): Metric => {
  return { group: 'producer-metrics', name: 'record-send-total', tags, value };
};
const lag: Metric = {
  group: 'consumer-fetch-manager-metrics',
  name: 'records-lag',
  tags: { ...tags, topic: 't', partition: '1' },
  value: 3,
};

/** Every field of a protobuf message, messages within opened as far as they can be. */
function opened(bytes: Buffer): Record<number, unknown[]> {
  const fields: Record<number, unknown[]> = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const head = varint();
    const list = (fields[head >> 3] ??= []);
    if ((head & 7) === 0) list.push(varint());
    else if ((head & 7) === 1) list.push(bytes.subarray(at, (at += 8)));
    else {
      const length = varint();
      list.push(bytes.subarray(at, (at += length)));
    }
  }
  return fields;
}

/** Name, kind, temporality and value of each metric in a push. */
function told(push: Buffer): unknown[] {
  const inside = (bytes: unknown, field: number) => (opened(bytes as Buffer)[field] ?? [])[0];
  const scoped = inside(inside(push, 1), 2);
  return (opened(scoped as Buffer)[2] ?? []).map((metric) => {
    const fields = opened(metric as Buffer);
    const isGauge = fields[5] !== undefined;
    const data = opened((fields[5] ?? fields[7])?.[0] as Buffer);
    const value = inside(data[1]?.[0], 4) as Buffer;
    const kind = isGauge ? 'gauge' : data[2]?.[0] === 1 ? 'delta' : 'cumulative';
    return [String(fields[1]?.[0]), kind, value.readDoubleLE()];
  });
}

async function setUp(answer: object = {}) {
  const fake = await FakeCluster.start();
  fake.topic('t');
  const [broker] = fake.brokers as [FakeBroker];
  const pushes: Push[] = [];
  const asked: string[] = [];
  const errors: number[] = [];
  Object.assign(broker.handlers, {
    GetTelemetrySubscriptions: ({ clientInstanceId }: { clientInstanceId: string }) => {
      asked.push(clientInstanceId);
      return {
        errorCode: 0,
        clientInstanceId: 'AAAAAAAAAAAAAAAAAAAABA',
        subscriptionId: 7,
        acceptedCompressionTypes: [1],
        pushIntervalMs: 60_000,
        telemetryMaxBytes: 100_000,
        deltaTemporality: false,
        requestedMetrics: [''],
        ...answer,
      };
    },
    PushTelemetry: (push: Push) => {
      pushes.push(push);
      return { errorCode: errors.shift() ?? 0 };
    },
  });
  const cluster = fake.client();
  let metrics: Metric[] = [sent(5), lag];
  const reporter = new TelemetryReporter(cluster, '1.2.3', () => metrics);
  await cluster.metadataFor(['t']);
  await fake.system.clock.settle();
  const set = (...now: Metric[]) => {
    metrics = now;
  };
  const close = async () => {
    await finished(fake.system, reporter.close(metrics));
    await cluster.close();
  };
  return { fake, broker, cluster, reporter, pushes, asked, errors, set, close };
}

describe('metrics of the application', () => {
  test('are pushed with what they say of themselves', async () => {
    const { fake, pushes, set, close } = await setUp();
    const facts = { kind: 'counter', unit: '{order}', what: 'Orders taken.' } as const;
    set({ group: 'shop-metrics', name: 'orders-total', tags, value: 9, facts });
    await fake.system.clock.advance(90_000);
    const [push] = pushes as [Push];
    const metrics = gunzipSync(push.metrics);
    expect(told(metrics)).toEqual([['org.apache.kafka.shop.orders.total', 'cumulative', 9]]);
    expect(metrics.toString('latin1')).toContain('Orders taken.');
    await close();
  });
});

describe('metrics pushed to the cluster', () => {
  test('go when the cluster asks for them: the first after half to one and a half intervals', async () => {
    const { fake, pushes, asked, reporter, close } = await setUp();
    expect(asked).toEqual(['AAAAAAAAAAAAAAAAAAAAAA']);
    expect(reporter.clientInstanceId).toBe('AAAAAAAAAAAAAAAAAAAABA');
    await fake.system.clock.advance(29_999);
    expect(pushes).toEqual([]);
    await fake.system.clock.advance(60_001);
    const first = pushes.length;
    expect(first).toBeGreaterThan(0);
    await fake.system.clock.advance(120_000);
    expect(pushes).toHaveLength(first + 2);
    const [push] = pushes as [Push];
    expect(push).toMatchObject({ subscriptionId: 7, terminating: false, compressionType: 1 });
    expect(told(gunzipSync(push.metrics))).toEqual([
      ['org.apache.kafka.producer.record.send.total', 'cumulative', 5],
      ['org.apache.kafka.consumer.fetch.manager.records.lag', 'gauge', 3],
    ]);
    await close();
    expect(pushes.at(-1)).toMatchObject({ terminating: true });
  });

  test('are those whose names begin as asked, and differences where those are asked for', async () => {
    const { fake, pushes, set, close } = await setUp({
      requestedMetrics: ['org.apache.kafka.producer.'],
      deltaTemporality: true,
      acceptedCompressionTypes: [],
    });
    await fake.system.clock.advance(90_000);
    set(sent(9), lag);
    await fake.system.clock.advance(60_000);
    const values = pushes.map(({ metrics }) => told(metrics));
    expect(values[0]).toEqual([['org.apache.kafka.producer.record.send.total', 'delta', 5]]);
    expect(values.at(-1)).toEqual([['org.apache.kafka.producer.record.send.total', 'delta', 4]]);
    await close();
  });

  test('are not sent while nothing is asked for; the broker is asked again', async () => {
    const { fake, pushes, asked, close } = await setUp({ requestedMetrics: [] });
    await fake.system.clock.advance(130_000);
    expect(asked).toHaveLength(3);
    expect(asked[2]).toBe('AAAAAAAAAAAAAAAAAAAABA');
    await close();
    expect(pushes).toEqual([]);
  });

  test('a subscription that has changed is asked for anew, and a refused codec left out', async () => {
    const { fake, pushes, asked, errors, close } = await setUp();
    errors.push(117, 76);
    await fake.system.clock.advance(90_000);
    expect(asked).toHaveLength(2);
    await fake.system.clock.advance(180_000);
    expect(asked).toHaveLength(3);
    expect(pushes.map(({ compressionType }) => compressionType).slice(0, 3)).toEqual([1, 1, 0]);
    await close();
  });

  test('larger than the broker takes are not sent', async () => {
    const { fake, pushes, close } = await setUp({ telemetryMaxBytes: 10 });
    await fake.system.clock.advance(200_000);
    expect(pushes).toEqual([]);
    await close();
  });

  test('a broker that takes none is not asked twice, and one that says nothing holds up nobody', async () => {
    const none = await setUp({ errorCode: 35 });
    await none.fake.system.clock.advance(1_000_000);
    expect(none.asked).toHaveLength(1);
    await none.close();
    const silent = await setUp();
    await silent.fake.system.clock.advance(90_000);
    silent.broker.handlers.PushTelemetry = () => silence;
    const before = silent.fake.system.clock.monotonic();
    await silent.close();
    expect(silent.fake.system.clock.monotonic() - before).toBeLessThan(1500);
  });

  test('names and bytes are those of OpenTelemetry', () => {
    expect(
      telemetryName({ group: 'consumer-coordinator-metrics', name: 'assigned-partitions' }),
    ).toBe('org.apache.kafka.consumer.coordinator.assigned.partitions');
    // Read back by the opentelemetry-proto package of Python when it was written down.
    const facts = { now: 2000, since: 1000, isDelta: false, version: '1' };
    expect(encodeMetrics([sent(1), lag], facts).toString('hex')).toBe(
      [
        '0aa8020a0012a3020a0b0a066b61666b697412013112710a2b6f72672e6170616368652e6b61666b',
        '612e70726f64756365722e7265636f72642e73656e642e746f74616c12155265636f726473206163',
        '6b6e6f776c65646765642e1a087b7265636f72647d3a210a1b1100ca9a3b00000000190094357700',
        '00000021000000000000f03f1002180112a0010a336f72672e6170616368652e6b61666b612e636f',
        '6e73756d65722e66657463682e6d616e616765722e7265636f7264732e6c616712294f6666736574',
        '7320626568696e642074686520656e642c206f66206f6e6520706172746974696f6e2e1a087b7265',
        '636f72647d2a340a321900943577000000002100000000000008403a0c0a05746f70696312030a01',
        '743a100a09706172746974696f6e12030a0131',
      ].join(''),
    );
  });
});
