import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type KipGroup, type KipRow, kipTable } from './kip-table.js';
import { fullTestName } from './test-names.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'kips.md');

/** `KAFKIT_UPDATE=1 npx vitest run test/kips.test.ts` rewrites the page. */
function printed(): string {
  const all = kipTable.flatMap(({ rows }) => rows);
  const supported = all.filter(({ shown }) => shown !== undefined);
  return [
    '# Kafka improvement proposals',
    '',
    'What this client makes of the proposals (KIPs) that concern clients: supported, with the test',
    'that shows it, or not, with the reason. Printed from `test/kip-table.ts`.',
    '',
    `${supported.length} of ${all.length} are supported.`,
    ...kipTable.flatMap(section),
    '',
  ].join('\n');
}

function section({ name, rows }: KipGroup): string[] {
  const ordered = [...rows].sort((a, b) => a.kip - b.kip);
  return [
    '',
    `## ${name}`,
    '',
    '| KIP | what | supported |',
    '|---|---|---|',
    ...ordered.map(line),
  ];
}

function line({ kip, title, shown, missing }: KipRow): string {
  const how = shown === undefined ? `no: ${missing}` : `${fullTestName(shown)} (\`${shown[0]}\`)`;
  return `| ${kip} | ${title} | ${how} |`;
}

test('the page of proposals is what the table says, and every test named there exists', () => {
  const now = printed();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});

test('no proposal stands in the table twice', () => {
  const kips = kipTable.flatMap(({ rows }) => rows.map(({ kip }) => kip));
  expect(kips.filter((kip, index) => kips.indexOf(kip) !== index)).toEqual([]);
});
