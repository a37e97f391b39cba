// Prints what the clients did in a scenario, as ratios to the best of the others.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What is worth comparing in each kind of scenario, and whether more of it is better. */
const columns = {
  'records/s': { of: (r, { records }) => records / r.seconds, isMoreBetter: true },
  'CPU µs/record': { of: (r) => r.cpuMicros },
  'p50 ms': { of: (r) => r.p50 },
  'p99 ms': { of: (r) => r.p99 },
  'first ms': { of: (r) => r.firstRecordMs },
  'peak RSS MB': { of: (r) => r.peakRssMb },
  'CPU ms': { of: (r) => r.cpuMicros / 1000 },
  files: { of: (r) => r.files },
  'RSS MB': { of: (r) => r.importRssMb },
  'CPU ms/s': { of: (r) => r.idleMsPerSecond },
};
const speed = ['records/s', 'CPU µs/record', 'peak RSS MB'];
const shown = {
  produce: speed,
  single: ['records/s', 'CPU µs/record', 'p50 ms', 'p99 ms', 'peak RSS MB'],
  consume: ['records/s', 'CPU µs/record', 'first ms', 'peak RSS MB'],
  latency: ['p50 ms', 'p99 ms', 'CPU µs/record'],
  transform: speed,
  transactions: ['records/s', 'CPU µs/record', 'p50 ms', 'p99 ms'],
  paced: ['p50 ms', 'p99 ms', 'CPU µs/record'],
  import: ['CPU ms', 'files', 'RSS MB'],
  idle: ['CPU ms/s', 'peak RSS MB'],
};

/** Median, spread and the ratio of ours to the best of the others, column by column. */
export function summary(scenario, results) {
  const names = [...new Set(results.map((result) => result.client))];
  return shown[scenario.kind].map((title) => {
    const { of, isMoreBetter } = columns[title];
    const medians = {};
    const spread = {};
    for (const name of names) {
      const all = results.filter((r) => r.client === name).map((r) => of(r, scenario));
      medians[name] = median(all);
      spread[name] = (Math.max(...all) - Math.min(...all)) / median(all);
    }
    const others = names.filter((name) => name !== 'kafkit').map((name) => medians[name]);
    const best = isMoreBetter ? Math.max(...others) : Math.min(...others);
    return { title, medians, spread, ratio: medians.kafkit / best };
  });
}

export function printTable(scenario, results) {
  const { title, target } = scenario;
  console.log(`\n${title}`);
  const rows = summary(scenario, results);
  const names = [...new Set(results.map((result) => result.client))];
  const lines = [['', ...names, 'ours / best other', 'wanted']];
  for (const row of rows) {
    const cells = names.map((name) => {
      return `${short(row.medians[name])} ±${Math.round(row.spread[name] * 50)}%`;
    });
    lines.push([row.title, ...cells, `${row.ratio.toFixed(2)} ×`, wanted(row.title, target)]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((l) => l[column].length)));
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  }
}

export function wanted(title, target) {
  if (title === 'records/s' && target.speed) return `≥ ${target.speed}`;
  if (title === 'CPU µs/record' && target.cpu) return `≤ ${target.cpu}`;
  if (/^p\d/.test(title) && target.latency) return `≤ ${target.latency}`;
  return '';
}

function short(number) {
  if (number === undefined || Number.isNaN(number)) return '–';
  if (number >= 10_000) return `${Math.round(number / 1000)}k`;
  if (number >= 1000) return `${(number / 1000).toFixed(1)}k`;
  return number >= 100 ? number.toFixed(0) : number.toFixed(2);
}
