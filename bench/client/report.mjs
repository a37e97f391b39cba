// Prints the tables of docs/reference/benchmarks.md from results that were written:
//   node bench/client/report.mjs <date> <broker: apache | kafkit>
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenarios } from './scenarios.mjs';
import { summary, wanted } from './table.mjs';

const results = join(dirname(dirname(fileURLToPath(import.meta.url))), 'results');
const [date, broker] = process.argv.slice(2);
const names = ['kafkit', 'kafkajs', 'platformatic', 'confluent'];
console.log(`| scenario | measure | ${names.join(' | ')} | ours / best other | wanted |`);
console.log(`|---|---|${names.map(() => '---').join('|')}|---|---|`);
for (const [id, scenario] of Object.entries(scenarios)) {
  const file = join(results, `${date}-${id}-${broker}.json`);
  if (!existsSync(file)) continue;
  const written = JSON.parse(readFileSync(file, 'utf8'));
  let title = scenario.title;
  for (const row of summary(scenario, written.results)) {
    const cells = names.map((name) => {
      const figure = short(row.medians[name]);
      return name === 'kafkit' ? `**${figure}**` : figure;
    });
    const aim = wanted(row.title, scenario.target);
    const ratio = `${row.ratio.toFixed(2)}${isMissed(row.ratio, aim) ? ' (missed)' : ''}`;
    console.log(`| ${title} | ${row.title} | ${cells.join(' | ')} | ${ratio} | ${aim} |`);
    title = '';
  }
}

function isMissed(ratio, aim) {
  if (aim === '') return false;
  const [sign, limit] = aim.split(' ');
  return sign === '≥' ? ratio < Number(limit) : ratio > Number(limit);
}

function short(number) {
  if (number === undefined || Number.isNaN(number)) return '–';
  if (number >= 10_000) return `${Math.round(number / 1000)}k`;
  if (number >= 1000) return `${(number / 1000).toFixed(1)}k`;
  return number >= 100 ? number.toFixed(0) : number.toFixed(2);
}
