import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBroker } from '../src/testing/index.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * The documents are true: every fenced block marked `run` in the read-me and the guides is run, one
 * document after the other from top to bottom, each against a broker of its own. TypeScript blocks
 * (marked or not) must also pass the compiler.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin: { readonly kafkit: string };
};
const guides = join('docs', 'guides');
const documents = [
  'README.md',
  ...readdirSync(join(root, guides)).map((name) => join(guides, name)),
];
/** Inside the package, so that programs there import `kafkit` as their own. */
const workshop = join(root, 'dist', '.documents');

interface Block {
  readonly language: string;
  readonly run: boolean;
  readonly code: string;
  readonly line: number;
}

function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(root, document), 'utf8').split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w+)(.*)$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const end = lines.indexOf('```', at + 1);
    const code = `${lines.slice(at + 1, end).join('\n')}\n`;
    const run = (fence[2] ?? '').split(' ').includes('run');
    blocks.push({ language: fence[1] ?? '', run, code, line: at + 1 });
    at = end;
  }
  return blocks;
}

const fileOf = (document: string, line: number) =>
  `${document.replaceAll(/[^a-z]+/gi, '-')}-${line}`;

beforeAll(async () => {
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  for (const document of documents) {
    for (const { language, code, line } of blocksOf(document)) {
      if (language !== 'ts') continue;
      writeFileSync(join(workshop, `${fileOf(document, line)}.ts`), `${code}export {};\n`);
    }
  }
  const compilerOptions = {
    noEmit: false,
    rootDir: '.',
    outDir: '.',
    declaration: false,
    types: ['node'],
    noUnusedLocals: false,
  };
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions,
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(workshop, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await run(process.execPath, [tsc, '-p', workshop], '');
  expect({ code, output }).toEqual({ code: 0, output: '' });
}, 60_000);

afterAll(() => rmSync(workshop, { recursive: true, force: true }));

for (const document of documents) {
  describe(document, () => {
    test('names only files that exist', () => {
      const text = readFileSync(join(root, document), 'utf8');
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
      const missing = links.filter((link) => !existsSync(join(root, dirname(document), link)));
      expect(missing).toEqual([]);
    });

    const blocks = blocksOf(document).filter((block) => block.run);
    let broker: Awaited<ReturnType<typeof startBroker>>;
    let address = '';
    beforeAll(async () => {
      broker = await startBroker();
      address = await broker.listen();
    });
    afterAll(() => broker.close());

    for (const block of blocks) {
      test(`the ${block.language} block at line ${block.line} runs`, async () => {
        const { code, output } = await runBlock(document, block, address);
        expect(code, output).toBe(0);
      });
    }
  });
}

async function runBlock(document: string, block: Block, address: string) {
  const here = (text: string) => text.replaceAll('localhost:9092', address);
  if (block.language === 'sh') {
    const npx = `npx() { shift; '${process.execPath}' '${join(root, bin.kafkit)}' "$@"; }`;
    return run('bash', ['-euo', 'pipefail', '-s'], `${npx}\n${here(block.code)}`, address);
  }
  const file = join(workshop, `${fileOf(document, block.line)}.js`);
  const source = block.language === 'ts' ? readFileSync(file, 'utf8') : block.code;
  writeFileSync(file, here(source));
  return run(process.execPath, [file], '');
}

function run(command: string, args: readonly string[], input: string, address?: string) {
  const environment = { ...process.env, ...(address === undefined ? {} : { KAFKA: address }) };
  const child = spawn(command, args, { cwd: root, env: environment });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  child.stdin.end(input);
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
