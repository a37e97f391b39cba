// Brokers and databases of the matrix: started once, killed and started again by the cells.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { apache, run, shared, startKafkit, temporaryDirectory } from '../compat/environment.mjs';
import { Proxy } from '../faults/proxy.mjs';
import { ScriptedMongoDb } from './scripted-mongodb.mjs';

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

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
  // Away from the ports of other checks, and all three below those that the system hands out.
  const start = ['start-cluster', directory, '11692'];
  process.on('exit', () => spawnSync(nodes, ['stop', directory], { stdio: 'ignore' }));
  const bootstrapServers = run(nodes, start).stdout.trim().split('\n').at(-1);
  return {
    bootstrapServers,
    replicationFactor: 3,
    async kill() {
      process.kill(Number(readFileSync(join(directory, 'node-2', 'pid'), 'utf8')), 'SIGKILL');
    },
    async revive() {
      run(nodes, start);
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
    empty() {
      server.rules.length = 0;
    },
    async close() {
      proxy.close();
      await server.stop();
    },
  };
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
