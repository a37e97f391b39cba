import { expect, test } from 'vitest';
import { realSystem } from '../system/index.js';
import { serveHealth } from './health-server.js';
import { PipelineMetrics } from './pipeline-metrics.js';

test('health, status and metrics are answered over HTTP', async () => {
  const system = realSystem();
  const metrics = new PipelineMetrics(system.clock);
  metrics.tasks.push({ state: 'running', restarts: 0 });
  metrics.written = 7;
  metrics.processed({ topic: 't', partition: 0 }, 5, 9);
  const server = await serveHealth(system.net, '127.0.0.1:0', () => metrics.snapshot('p'));
  const get = async (path: string) => {
    const answer = await fetch(`http://${server.address}${path}`);
    return { code: answer.status, text: await answer.text() };
  };
  expect(await get('/health')).toEqual({ code: 200, text: '{"running":true}\n' });
  expect((await get('/metrics')).text).toContain('kafkit_pipeline_written_total{pipeline="p"} 7\n');
  expect((await get('/metrics')).text).toContain('kafkit_pipeline_lag{pipeline="p"} 4\n');
  expect(JSON.parse((await get('/status')).text)).toMatchObject({ name: 'p', written: 7 });
  expect((await get('/nothing')).code).toBe(404);
  metrics.tasks[0] = { state: 'waiting', restarts: 1 };
  expect((await get('/health')).code).toBe(503);
  await server.close();
});
