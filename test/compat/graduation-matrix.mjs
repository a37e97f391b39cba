// Graduates to several releases of Apache Kafka, one after the other: every run of graduation.mjs
// (and growth.mjs) with KAFKA_VERSION set. Prints a table, and writes it down where --out says so.
//   npm run compat:graduation -- 4.0.2 4.2.1 4.3.1 4.4.0 [--only graduation] [--out FILE]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './environment.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, out: { type: 'string' } },
});
const versions = positionals.length > 0 ? positionals : ['4.0.2', '4.2.1', '4.3.1', '4.4.0'];
const wrong = versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version));
const programs = ['graduation', 'growth'].filter((name) => [undefined, name].includes(values.only));
if (wrong.length > 0 || programs.length === 0) {
  console.error(`Releases look like 4.3.1, not ${wrong.join(' ')}; checks: graduation, growth.`);
  process.exit(2);
}
// A busy machine takes many times what a quiet one does; only hanging must end.
const minutesEach = 30;

const rows = [];
let failed = 0;
for (const version of versions) {
  for (const program of programs) {
    const { status, printed, seconds } = await check(program, version);
    const lines = printed.trimEnd().split('\n');
    if (status !== 0) failed += 1;
    const last =
      status === 0 ? lines.at(-1) : (lines.find((line) => line.startsWith('Error')) ?? '');
    const verdict = status === 0 ? 'passed' : 'FAILED';
    console.log(`${verdict} ${program} ${version} (${seconds} s): ${last}`);
    if (status !== 0) console.log(lines.slice(-30).join('\n'));
    rows.push(
      `| ${version} | ${program} | ${verdict} | ${seconds} | ${last.replaceAll('|', '/')} |`,
    );
    if (values.out !== undefined) writeFileSync(values.out, table());
  }
}
console.log(`${rows.length - failed} of ${rows.length} passed`);
process.exitCode = failed === 0 ? 0 : 1;

function table() {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}, shared with other programs)`;
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    '# Graduation to several releases of Apache Kafka',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${machine}, ${memory} GB, Node ${process.version}. ` +
      'Written by `npm run compat:graduation`; what',
    'is checked stands at the head of `test/compat/graduation.mjs` and `test/compat/growth.mjs`. ' +
      'Seconds say more about',
    'the neighbours of that hour than about the programs.',
    '',
    '| Apache Kafka | check | result | s | last line |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function check(program, version) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(process.execPath, [join(root, 'test', 'compat', `${program}.mjs`)], {
      env: { ...process.env, KAFKA_VERSION: version },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const keep = (bytes) => {
      printed += bytes;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      printed += `\nError: ended after ${minutesEach} minutes`;
      process.kill(-child.pid, 'SIGKILL');
    }, minutesEach * 60_000);
    child.on('close', (status) => {
      clearTimeout(timer);
      done({ status, printed, seconds: Math.round((Date.now() - started) / 1000) });
    });
  });
}
