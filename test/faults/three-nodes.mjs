// Three real nodes of Apache Kafka, each behind relays. Who asks at `direct` is told the nodes' own
// addresses and never meets a relay. A lane is a relay before each node: who asks at its address is
// told of those relays only (advertised listeners), so that whatever is done to them happens to
// every connection. Several lanes keep trials apart that run at the same time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apache,
  apacheTool,
  atExit,
  freePort,
  require,
  run,
  runAside,
  sleep,
} from '../compat/environment.mjs';
import { Proxy } from './proxy.mjs';

const ids = [1, 2, 3];

/** A relay before each of the three nodes. */
class Lane {
  proxies;

  constructor(proxies) {
    this.proxies = proxies;
  }

  proxy(id) {
    return this.proxies[id - 1];
  }

  get address() {
    return this.proxies.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  mend() {
    for (const proxy of this.proxies) proxy.mend();
  }
}
const clusterId = 'kafkit-test-0000000001';

export class ThreeNodes {
  #directory;
  #nodes = new Map();
  lanes = [];

  /** Formats and starts them. `properties` are added to each node's own. */
  static async start(directory, properties = [], lanes = 1) {
    const cluster = new ThreeNodes();
    cluster.#directory = directory;
    for (const id of ids) {
      const [direct, control] = [await freePort(), await freePort()];
      const relayed = [];
      for (let lane = 0; lane < lanes; lane++) {
        const port = await freePort();
        relayed.push({ port, proxy: await Proxy.start(() => ({ host: '127.0.0.1', port })) });
      }
      cluster.#nodes.set(id, { id, direct, control, relayed });
    }
    const nodes = [...cluster.#nodes.values()];
    for (let lane = 0; lane < lanes; lane++) {
      cluster.lanes.push(new Lane(nodes.map(({ relayed }) => relayed[lane].proxy)));
    }
    for (const node of cluster.#nodes.values()) cluster.#format(node, properties);
    atExit(() => run('sh', ['-c', cluster.#killAll()], { mayFail: true }));
    // All at once: a voter alone has no quorum and never answers.
    await Promise.all(ids.map((id) => cluster.boot(id)));
    return cluster;
  }

  #folder(id) {
    return join(this.#directory, `node-${id}`);
  }

  #killAll() {
    return ids
      .map((id) => `kill -9 $(cat '${this.#folder(id)}/pid' 2>/dev/null) 2>/dev/null; true`)
      .join('\n');
  }

  #format(node, properties) {
    const folder = this.#folder(node.id);
    mkdirSync(folder, { recursive: true });
    const voters = [...this.#nodes.values()].map(({ id, control }) => `${id}@127.0.0.1:${control}`);
    const names = node.relayed.map((_relay, lane) => `RELAYED${lane}`);
    const all = (of) => ['PLAINTEXT', ...names].map((name, at) => `${name}://127.0.0.1:${of(at)}`);
    const listeners = all((at) => (at === 0 ? node.direct : node.relayed[at - 1].port));
    const advertised = all((at) => (at === 0 ? node.direct : node.relayed[at - 1].proxy.port));
    const lines = [
      'process.roles=broker,controller',
      `node.id=${node.id}`,
      `controller.quorum.voters=${voters.join(',')}`,
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=PLAINTEXT',
      'listener.security.protocol.map=' +
        ['PLAINTEXT', 'CONTROLLER', ...names].map((name) => `${name}:PLAINTEXT`).join(','),
      `listeners=${[...listeners, `CONTROLLER://127.0.0.1:${node.control}`].join(',')}`,
      `advertised.listeners=${advertised.join(',')}`,
      `log.dirs=${join(folder, 'data')}`,
      'default.replication.factor=3',
      'min.insync.replicas=2',
      'offsets.topic.replication.factor=3',
      'offsets.topic.num.partitions=4',
      'transaction.state.log.replication.factor=3',
      'transaction.state.log.min.isr=2',
      'transaction.state.log.num.partitions=4',
      'group.initial.rebalance.delay.ms=0',
      // So that members may have short sessions, of both protocols.
      'group.min.session.timeout.ms=2000',
      'group.consumer.min.session.timeout.ms=2000',
      'group.consumer.session.timeout.ms=8000',
      'group.consumer.min.heartbeat.interval.ms=200',
      'group.consumer.heartbeat.interval.ms=500',
      // A dead node is noticed after so long.
      'broker.session.timeout.ms=6000',
      'broker.heartbeat.interval.ms=1000',
      // Slow moments of a small machine do not shrink the replicas in sync.
      'replica.lag.time.max.ms=20000',
      'auto.create.topics.enable=false',
      ...properties,
    ];
    const path = join(folder, 'server.properties');
    writeFileSync(path, `${lines.join('\n')}\n`);
    apacheTool('kafka-storage', ['format', '-t', clusterId, '-c', path]);
  }

  /** Starts a node that does not run; resolves when it answers. */
  async boot(id) {
    const script = join(apache, 'kafka');
    const args = ['run-dir', this.#folder(id), '--heap', '400m', '--timeout', '300'];
    // The script may look for its process before that has its name; asked again, it finds it.
    await runAside(script, args).catch(() => runAside(script, args));
  }

  #pid(id) {
    return Number(readFileSync(join(this.#folder(id), 'pid'), 'utf8'));
  }

  signal(id, name) {
    process.kill(this.#pid(id), name);
  }

  /** SIGKILL. */
  kill(id) {
    this.signal(id, 'SIGKILL');
  }

  /** A controlled shutdown; resolves when it is over. */
  async stop(id) {
    await runAside(join(apache, 'kafka'), ['stop', this.#folder(id)]);
  }

  get direct() {
    return [...this.#nodes.values()].map(({ direct }) => `127.0.0.1:${direct}`).join(',');
  }

  /** Until every replica of the topics, and of Kafka's own, is in sync. */
  async settled(admin, topics = []) {
    for (const until = Date.now() + 90_000; ; await sleep(250)) {
      const late = await admin
        .listTopics({ internal: true })
        .then((all) => all.map(({ name }) => name).filter((name) => name.startsWith('__')))
        .then((own) => admin.describeTopics([...own, ...topics]))
        .then((described) => described.flatMap(lagging))
        .catch((error) => [error.message]);
      if (late.length === 0) return;
      require(Date.now() < until, `Not in sync again after 90 s: ${late.slice(0, 5).join('; ')}`);
    }
  }

  close() {
    for (const { proxies } of this.lanes) for (const proxy of proxies) proxy.close();
    run('sh', ['-c', this.#killAll()], { mayFail: true });
  }
}

function lagging({ name, partitions }) {
  return partitions
    .filter(({ leader, isr, replicas }) => leader < 0 || isr.length < replicas.length)
    .map(({ partition, isr }) => `${name}-${partition} has ${isr.length} in sync`);
}
