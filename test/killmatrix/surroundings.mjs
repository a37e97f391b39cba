// Brokers and databases of the matrix: started once, killed and started again by the cells.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apache,
  freeClusterPort,
  freePort,
  run,
  shared,
  startApacheKafka,
  startKafkit,
  temporaryDirectory,
} from '../compat/environment.mjs';
import { Proxy } from '../faults/proxy.mjs';
import { ScriptedMongoDb } from './scripted-mongodb.mjs';

/** What a killed pipeline left open is looked for so often. */
const cleanup = 'transaction.abort.timed.out.transaction.cleanup.interval.ms';

/** Our broker on a directory of its own, behind a relay that its clients are told to use. */
export async function kafkitBroker() {
  const data = temporaryDirectory('killmatrix-broker');
  const port = await freePort();
  const proxy = await Proxy.start(() => ({ host: '127.0.0.1', port }));
  const flags = [
    '--advertise',
    `127.0.0.1:${proxy.port}`,
    '-o',
    'group.initial.rebalance.delay.ms=0',
    '-o',
    `${cleanup}=1000`,
  ];
  let broker = await startKafkit({ data, port, flags });
  return {
    bootstrapServers: `127.0.0.1:${proxy.port}`,
    proxy,
    kill: () => broker.kill(),
    async revive() {
      broker = await startKafkit({ data, port, flags });
    },
    async close() {
      proxy.close();
      await broker.kill();
    },
  };
}

/** Three real nodes; the one that is killed is the second. */
export async function kafkaCluster() {
  const directory = temporaryDirectory('killmatrix-kafka');
  const nodes = join(apache, 'kafka');
  const port = await freeClusterPort();
  const bootstrapServers = startApacheKafka('cluster', directory, port, [
    '--set',
    `${cleanup}=1000`,
  ]);
  const options = { mayFail: true };
  return {
    bootstrapServers,
    replicationFactor: 3,
    async kill() {
      process.kill(Number(readFileSync(join(directory, 'node-2', 'pid'), 'utf8')), 'SIGKILL');
    },
    async revive() {
      const start = ['start-cluster', directory, String(port)];
      // On a busy machine a node may need longer than the script waits.
      for (let tries = 1; run(nodes, start, options).status !== 0; tries++) {
        if (tries === 3) throw new Error('the second node does not come back');
      }
    },
    async close() {
      run(nodes, ['stop', directory]);
    },
  };
}

/** One of the two stand-ins that keep what they acknowledged. */
export async function standIn(kind) {
  const directory = temporaryDirectory(`killmatrix-${kind}`);
  const port = await freePort();
  const script = kind === 'ferretdb' ? 'start-ferretdb' : 'start-mongo-java-server';
  const env = { ...process.env, BACKEND: 'h2', OPLOG: '0' };
  const start = () =>
    run(join(shared, 'mongodb', script), [directory, String(port)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const stop = (signal) =>
    spawnSync(join(shared, 'mongodb', 'stop'), [directory, signal], { stdio: 'ignore' });
  process.on('exit', () => stop('KILL'));
  start();
  const proxy = await Proxy.start(() => ({ host: '127.0.0.1', port }));
  return {
    uri: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`,
    ownUri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    proxy,
    // FerretDB stands still when one command updates many documents.
    bulkSize: kind === 'ferretdb' ? 10 : 20,
    kill: async () => stop('KILL'),
    revive: async () => start(),
    async close() {
      proxy.close();
      stop('KILL');
    },
  };
}

/** The scripted server, with transactions or without. */
export async function scripted({ replicaSet }) {
  const server = await ScriptedMongoDb.start({ replicaSet });
  const proxy = await Proxy.start(() => ({ host: '127.0.0.1', port: server.port }));
  return {
    uri: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`,
    ownUri: server.uri,
    proxy,
    bulkSize: 20,
    offsets: replicaSet ? 'mongodb' : 'kafka',
    kill: () => server.stop(),
    revive: () => server.resume(),
    fill() {
      server.rules.push((_, name) =>
        name === 'update' || name === 'insert'
          ? { n: 0, writeErrors: [{ index: 0, code: 14031, errmsg: 'No space left on device' }] }
          : undefined,
      );
    },
    /** Half of each command is carried out, the rest is refused by a server that steps down. */
    halve() {
      server.rules.push((command, name) => {
        const list = command.updates ?? command.documents ?? command.deletes;
        if (!['update', 'insert', 'delete'].includes(name)) return undefined;
        const errmsg = 'the primary stepped down while the command was carried out';
        const half = Math.floor(list.length / 2);
        return { refuse: (_, at) => at >= half, code: 189, errmsg };
      });
    },
    empty() {
      server.rules.length = 0;
    },
    async close() {
      proxy.close();
      await server.stop();
    },
  };
}

/** No database: a topic of the same cluster. */
export async function topicTarget() {
  return { isTopic: true, close: async () => undefined };
}

/** A real MongoDB that the user names; it is not killed, only cut off. */
export async function realMongoDb(uri) {
  const { hostname, port } = new URL(uri.replace(/^mongodb:/, 'http:'));
  const proxy = await Proxy.start(() => ({ host: hostname, port: Number(port || 27017) }));
  const through = new URL(uri.replace(/^mongodb:/, 'http:'));
  through.host = `127.0.0.1:${proxy.port}`;
  through.searchParams.set('directConnection', 'true');
  return {
    uri: through.href.replace(/^http:/, 'mongodb:'),
    ownUri: uri,
    proxy,
    bulkSize: 20,
    offsets: process.env.MONGODB_TRANSACTIONS === '1' ? 'mongodb' : 'kafka',
    kill: async () => undefined,
    revive: async () => undefined,
    close: async () => proxy.close(),
  };
}
