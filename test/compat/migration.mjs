// `kafkit migrate` between a filled kafkit and real Apache Kafka, stopped in the middle and run
// again, then back into a fresh kafkit: every record is compared by an outside client, and groups
// go on at the right records although offsets differ.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  cli,
  python,
  require,
  root,
  run,
  startApacheKafka,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

const program = join(root, 'test', 'compat', 'graduation.py');
const work = temporaryDirectory('migration');
const client = (...args) => run(python(), ['-B', program, ...args]).stdout.trim();
const kafkit = (...args) => run(process.execPath, [cli, ...args], { mayFail: true });
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}`);

function freePort() {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const port = await freePort();
const kafka = startApacheKafka('single', temporaryDirectory('migration-kafka'), port);
const source = await startKafkit({ data: join(work, 'data') });
client('fill', source.address, '-', 'both');
const before = join(work, 'before.json');
say(`kafkit holds ${client('state', source.address, before)}`);

// Stopped after a moment: what has been copied is remembered.
const state = join(work, 'state');
const toKafka = ['migrate', '--from', source.address, '--to', kafka, '--state', state];
const child = spawn(process.execPath, [cli, ...toKafka], { stdio: 'ignore' });
const ended = new Promise((done) => child.on('close', done));
setTimeout(() => child.kill('SIGKILL'), 900);
say(`a migration that was killed ended with ${await ended}`);
const there = kafkit(...toKafka);
require(there.status === 0, `The migration failed: ${there.stdout}${there.stderr}`);
say(`migrated to Apache Kafka: ${there.stdout.trim().split('\n').length} lines, all well`);
const inKafka = join(work, 'in-kafka.json');
say(`Apache Kafka holds ${client('state', kafka, inKafka)}`);
compare(before, inKafka, 'In Apache Kafka');

const target = await startKafkit({ data: join(work, 'back') });
const back = ['migrate', '--from', kafka, '--to', target.address, '--state', join(work, 'state-2')];
const home = kafkit(...back);
require(home.status === 0, `The way back failed: ${home.stdout}${home.stderr}`);
const atHome = join(work, 'at-home.json');
say(`back in kafkit: ${client('state', target.address, atHome)}`);
compare(inKafka, atHome, 'Back in kafkit');
await source.stop();
await target.stop();
console.log('migrated to Apache Kafka and back: every record, setting and committed offset');

/** Content without offsets, by partition; what was aborted is not copied. */
function contentOf({ records, committed }) {
  const partitions = new Map();
  for (const [partition, offset, time, , ...rest] of committed ?? records) {
    const list = partitions.get(partition) ?? [];
    partitions.set(partition, list);
    list.push({ offset, text: JSON.stringify([time, ...rest]) });
  }
  return partitions;
}

function compare(oldPath, nowPath, what) {
  const [old, now] = [oldPath, nowPath].map((path) => JSON.parse(readFileSync(path, 'utf8')));
  const places = new Map();
  for (const [name, topic] of Object.entries(old.topics)) {
    const found = now.topics[name];
    require(found !== undefined, `${what}: topic ${name} is missing.`);
    const configs = [topic.configs, found.configs].map((each) => JSON.stringify(each));
    require(configs[0] === configs[1], `${what}: ${name} has ${configs[1]}, not ${configs[0]}.`);
    if (name === 'compacted') continue;
    const [a, b] = [contentOf(topic), contentOf(found)];
    for (const [partition, list] of a) {
      const other = b.get(partition) ?? [];
      require(list.length === other.length, `${what}: ${name}-${partition} has ${other.length}.`);
      const at = list.findIndex((each, i) => each.text !== other[i].text);
      require(at < 0, `${what}: ${name}-${partition} differs at ${list[at]?.text}.`);
      const end = { offset: topic.marks[partition][1] };
      const otherEnd = { offset: found.marks[partition][1] };
      places.set(`${name} ${partition}`, [
        [...list, end].map((each) => each.offset),
        [...other, otherEnd].map((each) => each.offset),
      ]);
    }
  }
  for (const [group, offsets] of Object.entries(old.groups)) {
    for (const [topic, partition, offset, metadata] of offsets) {
      const place = places.get(`${topic} ${partition}`);
      if (place === undefined) continue;
      const at = place[0].findIndex((each) => each >= offset);
      const wanted = place[1][at < 0 ? place[1].length - 1 : at];
      const found = now.groups[group]?.find((each) => each[0] === topic && each[1] === partition);
      require(found?.[2] === wanted &&
        found[3] ===
          metadata, `${what}: ${group} is at ${found?.[2]} of ${topic}-${partition} instead of ${wanted}.`);
    }
  }
}
