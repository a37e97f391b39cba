// The table of a run, for people: docs/reference/kill-matrix.md.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const databases = {
  scripted: 'scripted server',
  transactions: 'scripted server, offsets in its transactions',
  'java-h2': 'mongo-java-server 1.47 on H2',
  ferretdb: 'FerretDB 1.24.2 on SQLite',
  topic: 'a topic, in transactions',
  real: 'a real MongoDB',
};
const brokers = { kafkit: 'kafkit', kafka: 'Apache Kafka 4.3.1, three nodes' };

/** Adds results to a file, one a line; answers with all of them. A cell that ran twice counts once. */
export function keep(path, results) {
  appendFileSync(path, results.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const all = lines.map((line) => JSON.parse(line));
  return [...new Map(all.map((each) => [JSON.stringify(each.cell), each])).values()];
}

export function report(path, { seed, pairCount, results }) {
  const held = results.filter(({ holds }) => holds).length;
  const minutes = results.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0].model}`;
  const rows = results.map(({ cell, number, holds, seconds }) => {
    const place = `${databases[cell.database]} | ${brokers[cell.broker]}`;
    const how = `${Math.round(seconds)} s | ${holds ? 'holds' : '**fails**'}`;
    return `| ${number} | ${cell.step} | ${cell.fault} | ${cell.data} | ${place} | ${how} |`;
  });
  const lines = [
    '# The kill matrix',
    '',
    'What happens to a pipeline that is struck at each of its steps: 160 records are produced, the fault',
    'strikes while the pipeline stands at the step, the rest of the records follows, and in the end the',
    'target is compared with what was produced. Into a database: the same ids, the last state of each key,',
    'nothing twice, nothing missing, each poison record set aside once. Into a topic: what readers of',
    'committed records see is each record exactly once, those of a key in their order. The cells are chosen',
    'so that every possible pair of values meets; `npm run killmatrix -- --seed N` chooses others.',
    '',
    `Run on ${new Date().toISOString().slice(0, 10)} with seed ${seed}: ${held} of ${results.length} cells hold, ` +
      `${pairCount ?? 0} pairs, ${Math.round(minutes)} minutes (${machine}).`,
    '',
    '`npm run killmatrix -- --sabotage` takes the guard away, acknowledges before writing, and leaves out the',
    'transactions: each is noticed. Not shown here: step-down and majority of a real MongoDB; `MONGODB_URI`',
    'gives one to the run.',
    '',
    '| cell | step | fault | data | into | from | time | |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
}
