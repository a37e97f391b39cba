// The brokers under measurement, each a process of its own, and what /proc says of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../test/compat/environment.mjs';

/** CPU time of a process so far, in milliseconds; a clock tick is 10 of them on Linux. */
export function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory now and at its highest, in MB. */
export function memoryMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** What Apache's `kafka-server-start.sh` gives the broker where nobody says otherwise. */
const kafkasOwnHeap = '1g -Xms1g';

export const kinds = ['kafkit-os', 'kafkit-group-commit', 'apache'];

/** A fresh broker of a kind; `restart` brings it back on the same directory. */
export async function startBroker(kind, directory = temporaryDirectory(`bench-${kind}`)) {
  const begun = performance.now();
  if (kind === 'apache') return await startApache(directory, begun);
  const durability = kind.slice('kafkit-'.length);
  const flags = ['--durability', durability, '-o', 'group.initial.rebalance.delay.ms=0'];
  const broker = await startKafkit({ data: join(directory, 'data'), flags });
  return {
    kind,
    address: broker.address,
    pid: broker.pid,
    startMs: Math.round(performance.now() - begun),
    startCpuMs: cpuMs(broker.pid),
    stop: () => broker.stop(),
    restart: () => startBroker(kind, directory),
    async crash() {
      await broker.kill();
    },
  };
}

async function startApache(directory, begun) {
  const port = await freePort();
  const address = startApacheKafka('single', directory, port, ['--heap', kafkasOwnHeap]);
  const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
  return {
    kind: 'apache',
    address,
    pid,
    startMs: Math.round(performance.now() - begun),
    startCpuMs: cpuMs(pid),
    stop: async () => stopApacheKafka(directory),
    restart: () => startApache(directory, performance.now()),
    async crash() {
      process.kill(pid, 'SIGKILL');
      await gone(pid);
    },
  };
}

/** Resolves when the process has ended. */
async function gone(pid) {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** Runs work and says what it cost the broker: wall time, and CPU time per unit. */
export async function costOf(broker, units, work) {
  const cpu = cpuMs(broker.pid);
  const begun = performance.now();
  const result = await work();
  const ms = performance.now() - begun;
  const brokerCpuMs = cpuMs(broker.pid) - cpu;
  return {
    result,
    seconds: Number((ms / 1000).toFixed(2)),
    perSecond: Math.round((units / ms) * 1000),
    brokerCpuUs: Number(((brokerCpuMs / units) * 1000).toFixed(2)),
  };
}
