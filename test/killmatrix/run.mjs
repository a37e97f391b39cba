// The kill matrix: `npm run killmatrix` runs cells in which every pair of values meets; `-- --fast`
// a small selection; `-- --seed 7` another choice; `-- --cell 12` one of them again; `-- --brokers
// kafkit`, `-- --databases scripted,topic`, `-- --faults zombie`, `-- --steps written` and `-- --data
// keyed` leave others out;
// `-- --on kafka` runs those cells on this broker that were chosen for the other one; `-- --part 2/4`
// only the second quarter; `-- --results FILE` keeps what came of the cells, and adds to what an
// earlier part has left there; `-- --report FILE` writes the table of all that.
// `-- --sabotage` makes the pipeline worse on purpose, and wants each cell to notice. Ends with 1
// when a cell does not do what it should.
import { parseArgs } from 'node:util';
import { runCell } from './cell.mjs';
import { allPairs, fastCells, isPossible, sabotages } from './cells.mjs';
import { keep, report } from './report.mjs';
import {
  kafkaCluster,
  kafkitBroker,
  realMongoDb,
  scripted,
  standIn,
  topicTarget,
} from './surroundings.mjs';

const { values } = parseArgs({
  options: {
    fast: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    cell: { type: 'string' },
    brokers: { type: 'string' },
    on: { type: 'string' },
    part: { type: 'string', default: '1/1' },
    results: { type: 'string' },
    databases: { type: 'string' },
    faults: { type: 'string' },
    steps: { type: 'string' },
    data: { type: 'string' },
    report: { type: 'string' },
    sabotage: { type: 'boolean', default: false },
  },
});

const makers = {
  scripted: () => scripted({ replicaSet: false }),
  transactions: () => scripted({ replicaSet: true }),
  'java-h2': () => standIn('java-h2'),
  ferretdb: () => standIn('ferretdb'),
  topic: topicTarget,
  real: () => realMongoDb(process.env.MONGODB_URI),
  kafkit: kafkitBroker,
  kafka: kafkaCluster,
};

const available = {
  faults: values.faults?.split(','),
  steps: values.steps?.split(','),
  data: values.data?.split(','),
  databases: values.databases?.split(',') ?? [
    'scripted',
    'java-h2',
    'ferretdb',
    'transactions',
    'topic',
    ...(process.env.MONGODB_URI ? ['real'] : []),
  ],
  brokers: values.brokers?.split(',') ?? (values.fast ? ['kafkit'] : ['kafkit', 'kafka']),
};

const seed = Number(values.seed);
const { cells, pairCount } = cellsOf();
const wanted = cells
  .map((cell, number) => ({ cell, number }))
  .filter(({ number }) => values.cell === undefined || number === Number(values.cell))
  .flatMap(({ cell, number }) => {
    const { on = cell.broker } = values;
    if (on === cell.broker) return values.on === undefined ? [{ cell, number }] : [];
    const moved = { ...cell, broker: on };
    return isPossible(moved, available) ? [{ cell: moved, number }] : [];
  });
const [part, parts] = values.part.split('/').map(Number);
const chosen = wanted.slice(
  Math.floor((wanted.length * (part - 1)) / parts),
  Math.floor((wanted.length * part) / parts),
);

const covered = pairCount === undefined ? '' : `, ${pairCount} pairs`;
console.log(`seed ${seed}: ${chosen.length} cells${covered}`);

function cellsOf() {
  if (values.sabotage) {
    const broker = available.brokers[0];
    const made = Object.entries(sabotages).map(([sabotage, cell]) => ({
      ...cell,
      broker,
      sabotage,
    }));
    return { cells: made, pairCount: undefined };
  }
  if (values.fast) return { cells: fastCells(available), pairCount: undefined };
  return allPairs(seed, available);
}

const running = new Map();
async function surrounding(name) {
  if (!running.has(name)) running.set(name, await makers[name]());
  return running.get(name);
}

// What was started is ended also when this is interrupted.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(1));

const failures = [];
const results = [];
const shownMax = values.sabotage ? 1 : 12;
const startedAt = Date.now();
for (const { cell, number } of chosen) {
  const at = Date.now();
  const broker = await surrounding(cell.broker);
  const database = await surrounding(cell.database);
  const { sabotage } = cell;
  const setting = { broker, database, seed: seed * 10_000 + number, sabotage };
  const complaints = await runCell(cell, setting);
  const holds = (complaints.length === 0) === (sabotage === undefined);
  results.push({ cell, number, holds, seconds: (Date.now() - at) / 1000 });
  const seconds = ((Date.now() - at) / 1000).toFixed(0).padStart(3);
  const columns = [cell.step.padEnd(14), cell.fault.padEnd(13), cell.data.padEnd(10)];
  const place = `${cell.database.padEnd(12)} ${cell.broker.padEnd(6)}`;
  const said = sabotage === undefined ? 'ok' : `ok, ${sabotage} noticed`;
  const result = holds ? said : 'FAILED';
  console.log(
    `${String(number).padStart(3)} ${columns.join(' ')} ${place} ${seconds} s  ${result}`,
  );
  if (!holds) failures.push(number);
  if (complaints.length > 0) {
    for (const each of complaints.slice(0, shownMax)) console.log(`      ${each}`);
    if (complaints.length > shownMax) {
      console.log(`      and ${complaints.length - shownMax} more`);
    }
  }
}
for (const each of running.values()) await each.close();

const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
if (!available.databases.includes('real')) {
  console.log(
    'unproved here: transactions, step-down and majority on a real MongoDB (MONGODB_URI)',
  );
}
console.log(`${chosen.length - failures.length} of ${chosen.length} cells hold (${minutes} min)`);
const all = values.results === undefined ? results : keep(values.results, results);
if (values.report !== undefined) report(values.report, { seed, pairCount, results: all });
if (failures.length > 0) console.log(`failed: ${failures.map((n) => `--cell ${n}`).join(' ')}`);
process.exit(failures.length === 0 && chosen.length > 0 ? 0 : 1);
