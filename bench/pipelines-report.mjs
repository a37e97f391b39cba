// Prints the table of docs/reference/benchmarks-pipelines.md from results that were written:
//   node bench/pipelines-report.mjs bench/results/2026-11-29-pipelines.json …
import { readFileSync } from 'node:fs';

const byName = new Map();
for (const path of process.argv.slice(2)) {
  const { results } = JSON.parse(readFileSync(path, 'utf8'));
  for (const result of results) {
    const list = byName.get(result.name) ?? [];
    list.push(result);
    byName.set(result.name, list);
  }
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const whole = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');

console.log('| contender | records | records/s | ± | own CPU µs/record | peak RSS MB | runs |');
console.log('|---|---|---|---|---|---|---|');
for (const [name, list] of byName) {
  const rates = list.map(({ records, seconds }) => records / seconds);
  const spread = (Math.max(...rates) - Math.min(...rates)) / 2;
  const cpu = median(list.map(({ records, cpuSeconds }) => (cpuSeconds * 1e6) / records));
  const rss = median(list.map(({ rssMb }) => rssMb));
  const records = whole(list[0].records);
  const cells = [whole(median(rates)), whole(spread), cpu.toFixed(1), whole(rss), list.length];
  console.log(`| ${name} | ${records} | ${cells.join(' | ')} |`);
}
