import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Every program of `examples/` runs by itself on the built package, and says what it should. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the last lines of each example must match; a new example needs an entry. */
const expected: Readonly<Record<string, RegExp>> = {
  'hello-world.mjs': /greeting: Hello, World! \(partition 0, offset 0\)\n$/,
  'bank-branch.mjs': /bankbranch has 2 partitions\n(.*\n)*.*atm-2 \{"atmid":2,"transid":101\}/,
  'numbers-to-mongodb.mjs': /interrupted\n.*\n1000 documents, 0 missing, 0 twice\n$/,
  'numbers-pipeline.mjs':
    /(stored \d+ numbers, then was interrupted\n){2}.*\n1000 documents, 0 missing, 0 twice\n$/,
  'sms.mjs': /8 messages sent once each, 8 billed\n$/,
  'log-aggregation.mjs': /collected 60 lines of 3 files\npayment ERROR: 2\npayment WARN: 4\n/,
  'activity-monitoring.mjs': /^\/ \d+\n\/search \d+\n\/product \d+\n\/cart \d+\n\/checkout \d+\n$/,
  'two-services.mjs': /created edsger\n(e-mails: welcome .*@example\.org\n){3}$/,
  'kafka-as-a-database.mjs': /view: \{ ada: 70, grace: 50 \}\nview: \{ ada: 70, grace: 75 \}\n$/,
};
/** Imported by the others, or run with a database by `tutorial.test.ts`. */
const parts = new Set(['connect.mjs', 'json-lines-store.mjs', 'numtest.mjs', 'numtest-naive.mjs']);

test('the package is built, so that the examples can run', () => {
  const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly main: string;
  };
  expect(existsSync(join(root, main))).toBe(true);
});

test('every example is known to this test', () => {
  const there = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'));
  expect(there.filter((name) => !parts.has(name)).sort()).toEqual(Object.keys(expected).sort());
});

for (const [name, output] of Object.entries(expected)) {
  test(`examples/${name} runs alone`, async () => {
    const { code, stdout, stderr } = await run(join('examples', name));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(output);
  });
}

function run(file: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { KAFKA: _, MONGODB: __, ...environment } = process.env;
  const child = spawn(process.execPath, [file], { cwd: root, env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
