// The brokers that a trial is about: a process of kafkit with one node or three, or real Apache Kafka
// with as many, to tell what Kafka itself does. `hit` kills, pauses or stops, and mends it again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apache,
  cli,
  runAside,
  sleep,
  startApacheKafka,
  startKafkit,
  steadyPort,
  stopApacheKafka,
  temporaryDirectory,
} from '../compat/environment.mjs';
import { ThreeNodes } from '../faults/three-nodes.mjs';

export function startTarget(kind, plan) {
  if (kind === 'kafkit') return Kafkit.start(plan);
  return plan.nodes === 1 ? ApacheNode.start(plan) : ApacheNodes.start(plan);
}

/** One process on one disk: with three nodes, those stop and start within it. */
class Kafkit {
  #data = join(temporaryDirectory('checker'), 'data');
  #settings;
  #broker;

  static async start({ nodes, properties }) {
    const made = new Kafkit();
    const ports = new Set();
    while (ports.size < nodes) ports.add(await steadyPort());
    const options = Object.entries(properties).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    made.#settings = { data: made.#data, ports: [...ports], flags: ['-q', ...options] };
    made.#broker = await startKafkit(made.#settings);
    return made;
  }

  get address() {
    return this.#broker.address;
  }

  async hit({ kind, node, forMs }) {
    if (kind === 'kill') {
      await this.#broker.kill();
      await sleep(forMs);
      this.#broker = await startKafkit(this.#settings);
    } else if (kind === 'pause') {
      await pause(this.#broker.pid, forMs);
    } else {
      this.#broker.order(`stop ${node}`);
      await sleep(forMs);
      this.#broker.order(`start ${node}`);
    }
  }

  stop() {
    return this.#broker.stop();
  }

  /** Where its logs lie. */
  get directory() {
    return this.#data;
  }

  /** What `kafkit verify` finds wrong on disk once the broker has stopped. */
  async damage() {
    const args = [cli, 'verify', this.#data, '--deep'];
    return await runAside(process.execPath, args).then(
      () => [],
      (error) => [error.message],
    );
  }
}

async function pause(pid, forMs) {
  process.kill(pid, 'SIGSTOP');
  await sleep(forMs);
  process.kill(pid, 'SIGCONT');
}

class ApacheNode {
  #directory = join(temporaryDirectory('checker'), 'node');
  address;

  static async start({ properties }) {
    const made = new ApacheNode();
    const options = Object.entries(properties).flatMap(([key, value]) => [
      '--set',
      `${key}=${value}`,
    ]);
    made.address = startApacheKafka('single', made.#directory, await steadyPort(), options);
    return made;
  }

  async hit({ kind, forMs }) {
    const pid = Number(readFileSync(join(this.#directory, 'pid'), 'utf8'));
    if (kind === 'pause') return await pause(pid, forMs);
    process.kill(pid, 'SIGKILL');
    await sleep(forMs);
    const args = ['run-dir', this.#directory, '--heap', '512m'];
    await runAside(join(apache, 'kafka'), args).catch(() => runAside(join(apache, 'kafka'), args));
  }

  async stop() {
    stopApacheKafka(this.#directory);
  }

  get directory() {
    return this.#directory;
  }

  async damage() {
    return [];
  }
}

class ApacheNodes {
  #cluster;
  directory = temporaryDirectory('checker');

  static async start({ properties }) {
    const made = new ApacheNodes();
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}`);
    made.#cluster = await ThreeNodes.start(made.directory, lines);
    return made;
  }

  get address() {
    return this.#cluster.direct;
  }

  async hit({ kind, node, forMs }) {
    if (kind === 'pause') {
      this.#cluster.signal(node, 'SIGSTOP');
      await sleep(forMs);
      this.#cluster.signal(node, 'SIGCONT');
      return;
    }
    if (kind === 'kill') this.#cluster.kill(node);
    else await this.#cluster.stop(node);
    await sleep(forMs);
    await this.#cluster.boot(node);
  }

  async stop() {
    this.#cluster.close();
  }

  async damage() {
    return [];
  }
}
