import { KafkaError } from '../errors/index.js';
import type { Net, Socket } from '../system/index.js';
import type { PipelineStatus } from './pipeline-metrics.js';

export interface HealthServer {
  /** `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

const requestBytesMax = 16_384;

/**
 * Answers `GET /health` (200, or 503 while no task runs), `/status` (JSON) and `/metrics`
 * (Prometheus text) over plain HTTP, one request per connection.
 */
export async function serveHealth(
  net: Net,
  address: string,
  status: () => PipelineStatus,
): Promise<HealthServer> {
  const match = /^(.*?):?(\d+)$/.exec(address);
  if (match === null) {
    throw new KafkaError('INVALID_ARGUMENT', `http: '${address}' is not host:port.`);
  }
  const host = match[1] === '' || match[1] === undefined ? '127.0.0.1' : match[1];
  const sockets = new Set<Socket>();
  const listener = await net.listen({ host, port: Number(match[2]) }, (socket) => {
    sockets.add(socket);
    let request = '';
    socket.onData = (bytes) => {
      request += bytes.toString('latin1');
      if (request.includes('\r\n\r\n')) socket.write([answer(request, status())]);
      else if (request.length < requestBytesMax) return;
      socket.end();
    };
    socket.onClose = () => sockets.delete(socket);
  });
  return {
    address: `${listener.host}:${listener.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await listener.close();
    },
  };
}

function answer(request: string, status: PipelineStatus): Buffer {
  const [method, path] = request.split(' ');
  if (method !== 'GET' && method !== 'HEAD') return response(405, 'text/plain', 'only GET\n');
  const isRunning = status.tasks.some(({ state }) => state === 'running');
  switch (path) {
    case '/health':
      return response(isRunning ? 200 : 503, 'application/json', json({ running: isRunning }));
    case '/status':
      return response(200, 'application/json', json(status));
    case '/metrics':
      return response(200, 'text/plain; version=0.0.4', metrics(status));
    default:
      return response(404, 'text/plain', 'There are /health, /status and /metrics.\n');
  }
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  404: 'Not Found',
  405: 'Method Not Allowed',
  503: 'Service Unavailable',
};

function response(code: number, type: string, body: string): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `HTTP/1.1 ${code} ${reasons[code]}`,
    `content-type: ${type}`,
    `content-length: ${bytes.length}`,
    'connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function metrics(status: PipelineStatus): string {
  const label = `{pipeline="${status.name.replaceAll(/[\\"\n]/g, '_')}"}`;
  const counters = {
    read: status.read,
    written: status.written,
    filtered: status.filtered,
    retried: status.retried,
    dead_lettered: status.deadLettered,
    skipped: status.skipped,
    write_retries: status.retries,
    task_restarts: status.restarts,
  };
  const lines = Object.entries(counters).flatMap(([name, value]) => [
    `# TYPE kafkit_pipeline_${name}_total counter`,
    `kafkit_pipeline_${name}_total${label} ${value}`,
  ]);
  const running = status.tasks.filter(({ state }) => state === 'running').length;
  const gauges = { lag: status.lag, tasks_running: running };
  for (const [name, value] of Object.entries(gauges)) {
    lines.push(`# TYPE kafkit_pipeline_${name} gauge`, `kafkit_pipeline_${name}${label} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}
