// One gigabyte through broker and client, each with a heap limit of 256 MB: MB/s, CPU per record
// and peak memory, beside kafkajs against the same broker in the same run.
//   node bench/gigabyte.mjs [megabytes] [repetitions]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const megabytes = Number(process.argv[2] ?? 1024);
const repetitions = Number(process.argv[3] ?? 1);
const heap = '--max-old-space-size=256';
const data = mkdtempSync(join(tmpdir(), 'kafkit-gigabyte-'));
process.on('exit', () => rmSync(data, { recursive: true, force: true }));

const cli = join(here, '..', 'dist', 'cli', 'main.js');
const broker = spawn(
  process.execPath,
  [heap, cli, 'up', '--listen', '127.0.0.1:0', '--data', data],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
process.on('exit', () => broker.kill('SIGKILL'));
const address = await new Promise((done) => {
  broker.stdout.on('data', (bytes) => {
    const ready = /ready (\S+)/.exec(bytes);
    if (ready) done(ready[1]);
  });
});

const results = [];
for (let repetition = 0; repetition < repetitions; repetition++) {
  for (const library of ['kafkit', 'kafkajs']) {
    const topic = `${library}-${repetition}`;
    for (const role of ['produce', 'consume']) {
      const before = brokerCpuSeconds();
      const result = await client(library, role, topic);
      const brokerCpu = ((brokerCpuSeconds() - before) * 1e6) / result.records;
      results.push({ library, role, repetition, ...result, brokerCpuMicros: brokerCpu });
    }
  }
}

console.table(
  results.map((r) => ({
    client: r.library,
    role: r.role,
    'MB/s': (r.bytes / 1e6 / r.seconds).toFixed(1),
    'records/s': Math.round(r.records / r.seconds),
    'client CPU µs/record': r.cpuMicros.toFixed(2),
    'client peak RSS MB': Math.round(r.peakRssMb),
    'broker CPU µs/record': r.brokerCpuMicros.toFixed(2),
  })),
);
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'));
const brokerPeakRssMb = Math.round(Number(peak[1]) / 1024);
console.log(`broker peak RSS ${brokerPeakRssMb} MB, heap limits 256 MB, ${megabytes} MB each way`);
mkdirSync(join(here, 'results'), { recursive: true });
const machine = {
  node: process.version,
  cpus: cpus().length,
  cpu: cpus()[0].model,
  memory: totalmem(),
};
const date = new Date().toISOString().slice(0, 10);
const written = { date, machine, megabytes, brokerPeakRssMb, results };
writeFileSync(
  join(here, 'results', `${date}-gigabyte.json`),
  `${JSON.stringify(written, null, 2)}\n`,
);
broker.kill('SIGTERM');

function brokerCpuSeconds() {
  const fields = readFileSync(`/proc/${broker.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function client(library, role, topic) {
  return new Promise((done, fail) => {
    const program = join(here, 'gigabyte-client.mjs');
    const args = [heap, program, library, role, address, topic, String(megabytes)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.on('data', (bytes) => {
      printed += bytes;
    });
    child.on('close', (status) => {
      if (status !== 0) fail(new Error(`${library} ${role} ended with ${status}`));
      else done(JSON.parse(printed.trim().split('\n').at(-1)));
    });
  });
}
