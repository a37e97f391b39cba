// The kill matrix: `npm run killmatrix` runs cells in which every pair of values meets; `-- --fast`
// a small selection; `-- --seed 7` another choice; `-- --cell 12` one of them again; `-- --brokers
// kafkit` and `-- --databases scripted,java-h2` leave others out. Ends with 1 when a cell fails.
import { parseArgs } from 'node:util';
import { runCell } from './cell.mjs';
import { allPairs, fastCells } from './cells.mjs';
import { kafkaCluster, kafkitBroker, realMongoDb, scripted, standIn } from './surroundings.mjs';

const { values } = parseArgs({
  options: {
    fast: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    cell: { type: 'string' },
    brokers: { type: 'string' },
    databases: { type: 'string' },
  },
});

const makers = {
  scripted: () => scripted({ replicaSet: false }),
  transactions: () => scripted({ replicaSet: true }),
  'java-h2': () => standIn('java-h2'),
  ferretdb: () => standIn('ferretdb'),
  real: () => realMongoDb(process.env.MONGODB_URI),
  kafkit: kafkitBroker,
  kafka: kafkaCluster,
};

const available = {
  databases: values.databases?.split(',') ?? [
    'scripted',
    'java-h2',
    'ferretdb',
    'transactions',
    ...(process.env.MONGODB_URI ? ['real'] : []),
  ],
  brokers: values.brokers?.split(',') ?? (values.fast ? ['kafkit'] : ['kafkit', 'kafka']),
};

const seed = Number(values.seed);
const { cells, pairCount } = values.fast
  ? { cells: fastCells(available), pairCount: undefined }
  : allPairs(seed, available);
const chosen = cells
  .map((cell, number) => ({ cell, number }))
  .filter(({ number }) => values.cell === undefined || number === Number(values.cell));

const covered = pairCount === undefined ? '' : `, ${pairCount} pairs`;
console.log(`seed ${seed}: ${chosen.length} cells${covered}`);

const running = new Map();
async function surrounding(name) {
  if (!running.has(name)) running.set(name, await makers[name]());
  return running.get(name);
}

const failures = [];
const startedAt = Date.now();
for (const { cell, number } of chosen) {
  const at = Date.now();
  const broker = await surrounding(cell.broker);
  const database = await surrounding(cell.database);
  const complaints = await runCell(cell, { broker, database, seed: seed * 10_000 + number });
  const seconds = ((Date.now() - at) / 1000).toFixed(0).padStart(3);
  const columns = [cell.step.padEnd(14), cell.fault.padEnd(13), cell.data.padEnd(10)];
  const place = `${cell.database.padEnd(12)} ${cell.broker.padEnd(6)}`;
  const result = complaints.length === 0 ? 'ok' : 'FAILED';
  console.log(
    `${String(number).padStart(3)} ${columns.join(' ')} ${place} ${seconds} s  ${result}`,
  );
  if (complaints.length > 0) {
    failures.push(number);
    for (const each of complaints.slice(0, 12)) console.log(`      ${each}`);
    if (complaints.length > 12) console.log(`      and ${complaints.length - 12} more`);
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
if (failures.length > 0) console.log(`failed: ${failures.map((n) => `--cell ${n}`).join(' ')}`);
process.exit(failures.length === 0 && chosen.length > 0 ? 0 : 1);
