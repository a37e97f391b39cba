// One seed: brokers, clients in processes of their own, the faults in their midst; then everything
// comes to rest, one more client reads what is there, and the checker judges.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atExit, python, root, runAside, sleep } from '../compat/environment.mjs';
import { check } from './checker.mjs';
import { namesOf, planOf } from './plan.mjs';
import { startTarget } from './targets.mjs';

const { Kafka } = await import(pathToFileURL(join(root, 'dist', 'bundle', 'index.js')).href);
const here = join(root, 'test', 'checker');
/** Clients that are told to stop, and everything else, end within this. */
const restMs = 90_000;

/** So many committed transactions are waited for, but no longer than this. */
const committedMin = 30;
const patienceMs = 20_000;

/** Runs one; gives `{ plan, findings, legal, facts, seconds }`. */
export async function runTrial({ target: kind, seed, nodes, directory, say }) {
  const started = Date.now();
  const plan = planOf(seed, { nodes });
  const target = await startTarget(kind, plan);
  await createTopics(target.address, plan);
  const troubles = [];
  const trial = { plan, target, directory, say, troubles, journals: [] };
  const clients = new Map();
  trial.clients = clients;
  for (const one of plan.processes) clients.set(one.name, new Client(trial, one));
  await Promise.all([...clients.values()].map((client) => client.started));
  await misbehave(trial);
  await Promise.all([...clients.values()].map((client) => client.stop()));
  if (plan.isKilledAtTheEnd) await target.hit({ kind: 'kill', node: 1, forMs: 0 });
  const final = await readAll(trial);
  await target.stop();
  for (const damage of await target.damage()) troubles.push(`damaged directory: ${damage}`);
  const entries = trial.journals.flatMap(linesOf);
  writeFileSync(join(directory, `${seed}-final.json`), JSON.stringify({ plan, final }));
  const judged = check({ entries, final: final ?? { all: [], committed: [] } });
  if (judged.facts.committed === 0)
    troubles.push('no transaction was committed: nothing is proved');
  // Without the last reading nothing can be judged but that it failed.
  const findings = final === undefined ? troubles : [...troubles, ...judged.findings];
  if (findings.length > 0)
    cpSync(target.directory, join(directory, `${seed}-data`), { recursive: true });
  const seconds = Math.round((Date.now() - started) / 1000);
  return { plan, ...judged, findings, seconds };
}

async function createTopics(bootstrapServers, { topics, nodes }) {
  const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const kafka = new Kafka({ bootstrapServers, logger: quiet });
  const configs = nodes === 1 ? {} : { 'min.insync.replicas': '2' };
  const made = Object.entries(topics).map(([name, partitions]) => {
    return { name, partitions, replicationFactor: nodes, configs };
  });
  await kafka.admin().createTopics(made);
  await kafka.close();
}

/** A process of the plan, in its n-th life. */
class Client {
  static #lives = new Map();
  #trial;
  #child;
  #ended;
  #isOver = false;
  #name;
  started;

  constructor(trial, { name, roles, isOurs }) {
    const { plan, target, directory } = trial;
    const line = `${directory} ${plan.seed} ${name}`;
    const life = (Client.#lives.get(line) ?? 0) + 1;
    Client.#lives.set(line, life);
    this.#trial = trial;
    this.#name = `${name}, life ${life}`;
    const journal = join(directory, `${plan.seed}-${name}-${life}.jsonl`);
    trial.journals.push(journal);
    const order = JSON.stringify({
      bootstrap: target.address,
      journal,
      seed: plan.seed,
      topics: plan.topics,
      roles: roles.map((role) => ({ ...role, process: `${role.name}.${life}` })),
    });
    const log = openSync(`${journal}.stderr`, 'w');
    const stdio = ['pipe', 'pipe', log];
    this.#child = isOurs
      ? spawn(process.execPath, [join(here, 'own-client.mjs'), order], { stdio })
      : spawn(python(), ['-B', join(here, 'client.py'), order], { stdio });
    this.#child.stdin.on('error', () => undefined);
    atExit(() => this.kill());
    this.#ended = new Promise((done) => {
      this.#child.on('close', (status, signal) => {
        this.#isOver = true;
        done(status ?? signal);
      });
    });
    this.started = Promise.race([
      new Promise((done) => this.#child.stdout.once('data', done)),
      this.#ended,
    ]);
  }

  signal(name) {
    if (!this.#isOver) this.#child.kill(name);
  }

  kill() {
    this.signal('SIGKILL');
    return this.#ended;
  }

  /** Tells it to stop itself where that hurts, and wakes it up again. */
  async stall(forMs) {
    this.#child.stdin.write('stall\n');
    await sleep(forMs);
    this.#child.stdin.write('go\n');
    this.signal('SIGCONT');
  }

  async stop() {
    this.#child.stdin.write('stop\n');
    // Who has stopped itself too late for its waking is woken up as well.
    const waking = setInterval(() => this.signal('SIGCONT'), 500);
    void this.#ended.then(() => clearInterval(waking));
    const status = await Promise.race([this.#ended, sleep(restMs).then(() => 'late')]);
    // Who hung in librdkafka has said so in its journal (client.py).
    if (status === 0 || status === 7) return;
    const why = status === 'late' ? `did not stop within ${restMs} ms` : `ended with ${status}`;
    this.#trial.troubles.push(`stands still: ${this.#name} ${why}`);
    await this.kill();
  }
}

/** All faults at their times; those of one victim one after the other. */
async function misbehave(trial) {
  const { plan, target, clients, say, troubles } = trial;
  const started = Date.now();
  const busy = new Map();
  const all = plan.faults.map(async (fault) => {
    const victim = fault.process ?? 'broker';
    await sleep(fault.at);
    const before = busy.get(victim);
    const work = (async () => {
      await before;
      say(`${Date.now() - started} ms: ${faultText(fault)}`);
      if (fault.process === undefined) await target.hit(fault);
      else clients.set(victim, await strike(trial, clients.get(victim), fault));
    })();
    busy.set(victim, work);
    await work.catch((error) => troubles.push(`the fault failed: ${error.stack}`));
  });
  await Promise.all([...all, sleep(plan.workMs)]);
  // So that what comes back works again, however busy the machine is.
  await sleep(1000);
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(500)) {
    if (committed(trial) >= committedMin) break;
  }
}

function committed({ journals }) {
  const found = journals.filter(existsSync).map((path) => readFileSync(path, 'utf8'));
  return found.join('').match(/"type": ?"ok", ?"f": ?"commit"/g)?.length ?? 0;
}

export function faultText({ kind, node, process, forMs }) {
  return `${kind} ${process ?? node} for ${forMs} ms`;
}

/** Gives the client that lives on. */
async function strike(trial, client, { kind, process, forMs }) {
  const plan = trial.plan.processes.find(({ name }) => name === process);
  if (kind === 'client-kill') {
    await client.kill();
    await sleep(forMs);
    return new Client(trial, plan);
  }
  if (kind === 'stall') {
    await client.stall(forMs);
    return client;
  }
  client.signal('SIGSTOP');
  // A zombie wakes up when another has long since taken its place.
  const next = kind === 'zombie' ? new Client(trial, plan) : client;
  await sleep(forMs);
  client.signal('SIGCONT');
  if (next === client) return client;
  await sleep(1000);
  await client.kill();
  return next;
}

async function readAll({ plan, target, troubles }) {
  const order = { bootstrap: target.address, topics: plan.topics, ...namesOf(plan) };
  try {
    const args = ['-B', join(here, 'final.py'), JSON.stringify(order)];
    const printed = await runAside(python(), args);
    return JSON.parse(printed.slice(printed.indexOf('{')));
  } catch (error) {
    troubles.push(`the last reading failed: ${error.message.slice(-1500)}`);
    return undefined;
  }
}

/** Who was killed may have come to no journal yet, and to no end of a line. */
function linesOf(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}
