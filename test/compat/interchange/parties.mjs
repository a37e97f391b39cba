// Java's and librdkafka's clients as programs that are told what to do and print what they see.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apache,
  apacheToolAside,
  atExit,
  python,
  runAside,
  temporaryDirectory,
} from '../environment.mjs';

const script = new URL('./librdkafka.py', import.meta.url).pathname;

const objects = (printed) =>
  printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** librdkafka to the end of what it is told; gives what it printed as JSON. */
export async function librdkafka(mode, ...args) {
  return objects(await runAside(python(), [script, mode, ...args.map(String)]));
}

/** Gives a program lines to read, and waits for its end. */
async function feed(command, args, lines) {
  const path = join(temporaryDirectory('lines'), 'input');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  const quoted = [command, ...args].map((word) => `'${word}'`).join(' ');
  return await runAside('sh', ['-c', `${quoted} < '${path}'`]);
}

export async function librdkafkaProduces(servers, codec, records) {
  const lines = records.map((record) => JSON.stringify(record));
  await feed(python(), [script, 'produce', servers, codec], lines);
}

/** Java's console producer sets no timestamps; headers and tombstones it can. */
export async function javaProduces(servers, topic, codec, records) {
  const lines = records.map(({ key, value, headers }) => {
    const pairs = headers.map(([name, text]) => `${name}:${text}`).join(',');
    return `${pairs || 'NULL'}\t${key}\t${value ?? 'NULL'}`;
  });
  const reader = ['parse.key=true', 'parse.headers=true', 'null.marker=NULL'];
  const args = ['--bootstrap-server', servers, '--topic', topic, '--compression-codec', codec];
  for (const property of reader) args.push('--reader-property', property);
  await feed(join(apache, 'bin', 'kafka-console-producer.sh'), args, lines);
}

/** So many committed records of the topics that match, as Java's console consumer prints them. */
export async function javaReads(servers, expression, count, more = []) {
  const formatter = ['key', 'headers', 'partition', 'offset', 'timestamp'];
  const args = ['--bootstrap-server', servers, '--include', expression, '--from-beginning'];
  args.push('--isolation-level', 'read_committed', '--max-messages', String(count));
  args.push('--timeout-ms', '60000', ...more);
  for (const part of formatter) args.push('--formatter-property', `print.${part}=true`);
  args.push('--formatter-property', 'null.literal=NULL');
  const printed = await apacheToolAside('kafka-console-consumer', args);
  return printed
    .split('\n')
    .map((line) => /^CreateTime:(\d+)\tPartition:(\d+)\tOffset:(\d+)\t(.*)\t(.*)\t(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, timestamp, partition, offset, headers, key, value]) => ({
      partition: Number(partition),
      offset: Number(offset),
      timestamp: Number(timestamp),
      key: key === 'NULL' ? null : key,
      value: value === 'NULL' ? null : value,
      headers:
        headers === 'NO_HEADERS' ? [] : headers.split(',').map((pair) => pair.split(/:(.*)/, 2)),
    }));
}

/** A program that runs until it is ended; `heard` gets each line of JSON that it prints. */
function follow(command, args, heard) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  atExit(() => child.kill('SIGKILL'));
  const closed = new Promise((done) => child.on('close', done));
  let rest = '';
  child.stdout.on('data', (bytes) => {
    const lines = (rest + bytes).split('\n');
    rest = lines.pop();
    for (const event of objects(lines.join('\n'))) heard(event);
  });
  return {
    stop: () => {
      child.kill('SIGTERM');
      return closed;
    },
  };
}

/** A member's partitions, and how to stop it. `saw(partition, offset)` hears of each record. */
export function librdkafkaMember({ servers, groupId, topic, how, saw }) {
  let assigned = [];
  const args = [script, 'member', servers, groupId, topic, how];
  const { stop } = follow(python(), args, (event) => {
    if (event.assigned !== undefined) assigned = event.assigned;
    if (event.seen !== undefined) saw(...event.seen);
  });
  return { count: () => assigned.length, stop };
}

const assignors = {
  range: 'RangeAssignor',
  roundrobin: 'RoundRobinAssignor',
  sticky: 'StickyAssignor',
  'cooperative-sticky': 'CooperativeStickyAssignor',
};

export function javaMember({ servers, groupId, topic, how, saw }) {
  const assigned = new Set();
  const args = ['--bootstrap-server', servers, '--group-id', groupId, '--topic', topic];
  if (how === 'consumer') args.push('--group-protocol', 'consumer');
  else {
    args.push('--assignment-strategy', `org.apache.kafka.clients.consumer.${assignors[how]}`);
    args.push('--session-timeout', '20000');
  }
  const tool = join(apache, 'bin', 'kafka-verifiable-consumer.sh');
  const { stop } = follow(tool, args, ({ name, partitions }) => {
    for (const { partition, minOffset, maxOffset } of partitions ?? []) {
      if (name === 'partitions_assigned') assigned.add(partition);
      else if (name === 'partitions_revoked') assigned.delete(partition);
      else if (name === 'records_consumed') {
        for (let offset = minOffset; offset <= maxOffset; offset++) saw(partition, offset);
      }
    }
  });
  return { count: () => assigned.size, stop };
}
