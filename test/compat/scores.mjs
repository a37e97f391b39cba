// How a suite of somebody else is judged. `tests.allow` of the suite names every test that passes
// against our broker; it only grows. A run fails when one of them does not pass, whether it failed,
// was skipped or was never begun, so that a broker whose answers make a suite skip cannot pass.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './environment.mjs';

/** The suite's own folder. */
export function suiteFolder(suite) {
  return join(root, 'test', 'compat', suite);
}

/** The names in the suite's tests.allow, or in another list of it. */
export function allowed(suite, list = 'tests.allow') {
  const path = join(suiteFolder(suite), list);
  if (!existsSync(path)) return new Set();
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));
}

/** Which of the allowed names did not pass, each with what happened instead. */
export function missing(outcomes, names) {
  const lost = [];
  for (const name of names) {
    const outcome = outcomes.get(name) ?? 'never begun';
    if (outcome !== 'passed') lost.push(`${name}: ${outcome}`);
  }
  return lost;
}

/**
 * Prints the sum and what is lost. Answers the status to end with: 0 when every name of `names`
 * passed and no fewer than `atLeast` tests did.
 */
export function judge(suite, outcomes, { names = allowed(suite), atLeast }) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const outcome of outcomes.values()) count[outcome]++;
  const beyond = [...outcomes].filter(([name, is]) => is === 'passed' && !names.has(name));
  const lost = missing(outcomes, names);
  for (const [name, is] of outcomes) if (is === 'failed') console.log(`failed: ${name}`);
  for (const line of lost) console.log(`lost: ${line}`);
  if (beyond.length > 0) console.log(`${beyond.length} passed that tests.allow does not name`);
  console.log(
    `${suite}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped; ` +
      `${names.size - lost.length} of the ${names.size} that must pass did (at least ${atLeast})`,
  );
  return lost.length === 0 && names.size >= atLeast && count.passed >= atLeast ? 0 : 1;
}

/** Adds what passed to tests.allow. Nothing ever leaves the list here. */
export function growAllowList(suite, outcomes) {
  const path = join(suiteFolder(suite), 'tests.allow');
  const head = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('#'))
    : [`# Tests of ${suite} that pass against our broker. This list only grows.`];
  const names = allowed(suite);
  for (const [name, outcome] of outcomes) if (outcome === 'passed') names.add(name);
  writeFileSync(path, `${[...head, ...[...names].sort()].join('\n')}\n`);
}

/**
 * Puts one column into the table of today's results: `results/<date>.tsv` has a line per test and
 * a column per broker. A column that is there already is replaced, or, when only a part of the
 * suite ran, brought up to date.
 */
export function recordResults(suite, broker, outcomes, about, isPart = false) {
  const folder = join(suiteFolder(suite), 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${new Date().toISOString().slice(0, 10)}.tsv`);
  const table = existsSync(path) ? readTable(path) : { columns: [], rows: new Map() };
  if (!table.columns.includes(broker)) table.columns.push(broker);
  table.columns.sort();
  if (!isPart) for (const row of table.rows.values()) delete row[broker];
  for (const [name, outcome] of outcomes) {
    const row = table.rows.get(name) ?? {};
    row[broker] = outcome;
    table.rows.set(name, row);
  }
  const lines = [`# ${about}`, ['test', ...table.columns].join('\t')];
  for (const name of [...table.rows.keys()].sort()) {
    const row = table.rows.get(name);
    lines.push([name, ...table.columns.map((column) => row[column] ?? '-')].join('\t'));
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
  console.log(`written: ${path}`);
  const [one, two] = table.columns;
  if (two === undefined) return;
  const differing = [...table.rows].filter(([, row]) => row[one] !== row[two]);
  for (const [name, row] of differing) {
    console.log(`differs: ${name}: ${one} ${row[one] ?? '-'}, ${two} ${row[two] ?? '-'}`);
  }
}

function readTable(path) {
  const [header, ...lines] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const columns = header.split('\t').slice(1);
  const rows = new Map();
  for (const line of lines) {
    const [name, ...cells] = line.split('\t');
    const row = {};
    for (const [at, column] of columns.entries()) if (cells[at] !== '-') row[column] = cells[at];
    rows.set(name, row);
  }
  return { columns, rows };
}

/** The newest table of results of the suite, or undefined. */
export function newestResults(suite) {
  const folder = join(suiteFolder(suite), 'results');
  if (!existsSync(folder)) return undefined;
  const newest = readdirSync(folder).sort().at(-1);
  return newest === undefined ? undefined : readTable(join(folder, newest));
}
