import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { metricTable } from '../src/client/metric-table.js';
import { telemetryName } from '../src/client/telemetry/otlp-metrics.js';
import { startBroker } from '../src/testing/index.js';

/**
 * The metrics of the client, printed from their table.
 * `KAFKIT_UPDATE=1 npx vitest run test/client-metrics.test.ts` rewrites the page.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'client-metrics.md');

function printed(): string {
  const rows = metricTable.map((facts) => {
    const { group, name, kind, unit, what } = facts;
    const shown = unit === '' ? '' : `\`${unit}\``;
    return `| \`${group}\` | \`${name}\` | ${kind} | ${shown} | ${what} | \`${telemetryName(facts)}\` |`;
  });
  return [
    '# Metrics of the client',
    '',
    "What `kafka.metrics()` gives, under the groups and names of Kafka's Java clients. Where the",
    'operators of a cluster ask for them (KIP-714: `kafka-client-metrics.sh`), they are pushed under',
    'the name in the last column, in OTLP; `enableMetricsPush: false` switches that off. Units are',
    "OpenTelemetry's. `kafka.registerMetric()` has metrics of the application told along (KIP-1076).",
    '',
    '| group | name | kind | unit | what it is | pushed as |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    'Of the metrics that KIP-714 asks of every client, rates are left to whoever collects the counters,',
    'and `record-queue-time`, `poll-idle-ratio` and `rebalance-latency` are not measured.',
    '',
  ].join('\n');
}

test('the page of metrics is what the table says', () => {
  const now = printed();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});

test('every metric of a client at work is in the table, and every row of it is measured', async () => {
  const broker = await startBroker({ topics: { t: {} } });
  const kafka = broker.kafka();
  const producer = kafka.producer();
  await producer.send({ topic: 't', value: 'x' });
  const consumer = kafka.consumer({
    groupId: 'g',
    topics: ['t'],
    fromBeginning: true,
    heartbeatIntervalMs: 1,
  });
  const measured = new Set<string>();
  for await (const record of consumer) {
    expect(record.offset).toBe(0);
    for (const { group, name } of kafka.metrics()) measured.add(`${group}/${name}`);
    break;
  }
  await kafka
    .admin()
    .alterConfigs([{ type: 'group', name: 'q', set: { 'share.auto.offset.reset': 'earliest' } }]);
  for await (const record of kafka.shareConsumer({ groupId: 'q', topics: ['t'] })) {
    expect(record.deliveryCount).toBe(1);
    for (const { group, name } of kafka.metrics()) measured.add(`${group}/${name}`);
    break;
  }
  expect([...measured].sort()).toEqual(metricTable.map((row) => `${row.group}/${row.name}`).sort());
  await kafka.close();
  await broker.close();
});
