import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'test', 'types', 'topics.ts');
/**
 * What the compiler may do for a program that uses everything. It did 20 239 when measured (2026-11-29); time
 * is no measure on a busy machine.
 */
const instantiationsMax = 26_000;

let directory: string;
let output: string;

beforeAll(() => {
  directory = mkdtempSync(join(root, 'dist', '.types-'));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDir: '.', types: ['node'] },
    include: ['*.ts'],
    exclude: [],
  };
  // As a program that has installed the package.
  const source = readFileSync(program, 'utf8').replace('../../src/index.js', 'kafkit');
  writeFileSync(join(directory, 'topics.ts'), source);
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(
    process.execPath,
    [tsc, '-p', directory, '--extendedDiagnostics', '--singleThreaded'],
    { encoding: 'utf8', cwd: root },
  );
  output = run.stdout + run.stderr;
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('topics have types: what fits is accepted, what does not is refused', () => {
  // A line that is expected to fail and does not is an error, too.
  expect(output).not.toMatch(/error TS/);
  const text = readFileSync(program, 'utf8');
  expect(text.match(/@ts-expect-error/g)).toHaveLength(17);
});

test('the types cost the compiler no more than they did', () => {
  const [, instantiations] = /^Instantiations: +(\d+)$/m.exec(output) ?? [];
  expect(Number(instantiations)).toBeGreaterThan(1000);
  expect(Number(instantiations)).toBeLessThan(instantiationsMax);
});
