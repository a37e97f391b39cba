import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';

/**
 * The public surface, written down: every name of every entry point, whether it is a type or a
 * value, and the members of each class. A change here is a change for users.
 * `KAFKIT_UPDATE=1 npx vitest run test/api.test.ts` rewrites the snapshot.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const snapshot = join(root, 'test', 'api.snapshot.txt');

interface Package {
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
}

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;

async function surface(): Promise<string> {
  const lines: string[] = [];
  for (const [door, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue;
    const source = target.types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
    lines.push(`${door.replace('.', 'kafkit')} (${source})`);
    const values = (await import(join(root, source))) as Record<string, unknown>;
    for (const name of [...new Set([...typeNames(source), ...Object.keys(values)])].sort()) {
      lines.push(...described(name, values));
    }
    lines.push('');
  }
  return lines.join('\n');
}

/** Names that a module exports as types only. */
function typeNames(source: string): string[] {
  const { module } = parseSync(source, readFileSync(join(root, source), 'utf8'));
  return module.staticExports
    .flatMap(({ entries }) => entries)
    .filter(({ isType }) => isType)
    .map(({ exportName }) => exportName.name ?? '');
}

function described(name: string, values: Record<string, unknown>): string[] {
  if (!Object.hasOwn(values, name)) return [`  type ${name}`];
  const value = values[name];
  if (typeof value !== 'function') return [`  const ${name}`];
  if (!/^class\b/.test(Function.prototype.toString.call(value))) return [`  function ${name}`];
  const members = Reflect.ownKeys((value as { prototype: object }).prototype)
    .filter((key) => key !== 'constructor')
    .map(String)
    .sort();
  return [`  class ${name}`, ...members.map((member) => `    ${member}`)];
}

test('the public surface is the one written down', async () => {
  const now = await surface();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(snapshot, now);
  expect(existsSync(snapshot)).toBe(true);
  expect(now).toBe(readFileSync(snapshot, 'utf8'));
});
