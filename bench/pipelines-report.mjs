// Prints the table of docs/reference/benchmarks-pipelines.md from results that were written, every
// run by itself:
//   node bench/pipelines-report.mjs bench/results/2026-11-30-pipelines.json …
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

const whole = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');
const each = (list, text) => list.map(text).join('; ');

console.log('| contender | records | seconds | records/s | own CPU µs/record | peak RSS MB |');
console.log('|---|---|---|---|---|---|');
for (const [name, list] of byName) {
  const cells = [
    whole(list[0].records),
    each(list, ({ seconds }) => seconds.toFixed(2)),
    each(list, ({ records, seconds }) => whole(records / seconds)),
    each(list, ({ records, cpuSeconds }) => ((cpuSeconds * 1e6) / records).toFixed(1)),
    whole(Math.max(...list.map(({ rssMb }) => rssMb))),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
