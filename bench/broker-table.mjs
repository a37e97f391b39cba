// Prints the tables of docs/reference/broker-benchmarks.md from what bench/broker.mjs and
// bench/start.mjs have written down.
//   node bench/broker-table.mjs bench/results/<date>-broker.json bench/results/<date>-start.json …
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
if (reports.length === 0) throw new Error('Which results? Name the files.');
const kinds = ['kafkit-os', 'kafkit-group-commit', 'apache'];
const names = ['kafkit, os', 'kafkit, group-commit', 'Apache Kafka'];
const all = reports.flatMap((report) => report.rows);
const rows = all.filter((row) => row.broker !== undefined);
const starts = all.filter((row) => row.startMs !== undefined);

function median(values) {
  const known = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}

function valueOf(scenario, broker, fact) {
  const found = rows.filter((row) => row.scenario === scenario && row.broker === broker);
  return median(found.map((row) => row[fact]));
}

const shown = (value) => {
  if (value === undefined) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return Number(value.toFixed(digits)).toLocaleString('en');
};

/** One line of the table: a measure of a scenario for each broker, and ours by theirs. */
function line(scenario, fact, label) {
  const values = kinds.map((kind) => valueOf(scenario, kind, fact));
  if (values.every((value) => value === undefined)) return undefined;
  const ratio = (value) =>
    value === undefined || values[2] === undefined || values[2] === 0
      ? '–'
      : (value / values[2]).toFixed(2);
  const cells = [...values.map(shown), ratio(values[0]), ratio(values[1])];
  return `| ${scenario} | ${label} | ${cells.join(' | ')} |`;
}

const measures = [
  ['ms', 'ms'],
  ['cpuMs', 'broker CPU ms'],
  ['brokerCpuUs', 'broker CPU µs each'],
  ['perSecond', 'per second, the load’s own time included'],
  ['perSecondSaid', 'per second, as the load says'],
  ['p50', 'p50 ms'],
  ['p99', 'p99 ms'],
  ['cpuMsPerSecond', 'broker CPU ms per second'],
  ['rssMb', 'RSS MB'],
  ['peak', 'peak RSS MB'],
];

const scenarios = [...new Set(rows.map((row) => row.scenario))].sort();
console.log(`| scenario | measure | ${names.join(' | ')} | os / Kafka | group-commit / Kafka |`);
console.log('|---|---|---|---|---|---|---|');
for (const scenario of scenarios) {
  for (const [fact, label] of measures) {
    const text = line(scenario, fact, label);
    if (text !== undefined) console.log(text);
  }
}
if (starts.length > 0) {
  console.log('\n| scenario | first start, ms | its CPU, ms | import, ms | second start, ms |');
  console.log('|---|---|---|---|---|');
  const cell = (row, fact) => `${row[fact]} (${row[`${fact}Least`]} to ${row[`${fact}Most`]})`;
  for (const row of starts) {
    const cells = ['startMs', 'startCpuMs', 'importMs', 'secondStartMs'].map((fact) =>
      cell(row, fact),
    );
    console.log(`| ${row.scenario} | ${cells.join(' | ')} |`);
  }
}
const failed = rows.filter((row) => row.why !== undefined);
for (const { scenario, broker, why } of failed) console.error(`${scenario} (${broker}): ${why}`);
