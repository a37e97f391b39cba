import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** The built program as a real process: signals, pipes, exit codes. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin: { readonly kafkit: string };
};
const main = join(root, bin.kafkit);

interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafkit-cli-'));
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  rmSync(directory, { recursive: true, force: true });
});

function start(...args: string[]): Running {
  const { KAFKA: _, ...environment } = process.env;
  const child = spawn(process.execPath, [main, ...args], { cwd: directory, env: environment });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

async function run(args: readonly string[], input = '') {
  const { child, stdout, stderr, ended } = start(...args);
  child.stdin?.end(input);
  const code = await ended;
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Starts a broker and waits for its line. */
async function up(...args: string[]): Promise<Running & { readonly address: string }> {
  const broker = start('up', '--listen', '127.0.0.1:0', ...args);
  const address = await new Promise<string>((resolve, reject) => {
    broker.child.stdout?.on('data', () => {
      const match = /^ready (\S+)\n/.exec(broker.stdout());
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    void broker.ended.then((code) => reject(new Error(`ended with ${code}: ${broker.stderr()}`)));
  });
  return { ...broker, address };
}

describe('kafkit up', () => {
  test('prints one line, serves, ends with 0 on SIGTERM, and finds its records again', async () => {
    const data = join(directory, 'data');
    const first = await up('--data', data, '--create', 'orders:2:retention.ms=5000');
    expect(first.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const produced = await run(
      ['produce', 'orders', '-b', first.address, '-p', '1', '-v'],
      'a\nb\n',
    );
    expect(produced).toEqual({ code: 0, stdout: 'orders-1@0\norders-1@1\n', stderr: '' });
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(first.stdout()).toBe(`ready ${first.address}\n`);
    expect(existsSync(join(data, '.kafka_cleanshutdown'))).toBe(true);

    const second = await up('--data', data);
    const consumed = await run(['consume', 'orders', '-b', second.address, '-o', 'start', '-e']);
    expect(consumed).toEqual({ code: 0, stdout: 'a\nb\n', stderr: '' });
    // As under npm, which passes on a signal that the terminal has sent to everybody already.
    second.child.kill('SIGINT');
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
  });

  test('refuses a directory or a port that another broker has, and leaves no files', async () => {
    const data = join(directory, 'data');
    const { address } = await up('--data', data);
    const [sameData, samePort] = await Promise.all([
      run(['up', '--listen', '127.0.0.1:0', '--data', data]),
      run(['up', '--listen', address, '--memory']),
    ]);
    expect(sameData).toMatchObject({ code: 1, stdout: '' });
    expect(sameData.stderr).toMatch(/^kafkit: .*--data DIR\.\n$/);
    expect(samePort).toMatchObject({ code: 1, stdout: '' });
    expect(samePort.stderr).toMatch(/^kafkit: .*--listen HOST:PORT\.\n$/);
    expect(readdirSync(directory)).toEqual(['data']);
  });
});

describe('pipes', () => {
  test('a reader that goes away ends consume without a word', async () => {
    const { address } = await up('--memory', '--create', 'many');
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join('');
    expect((await run(['produce', 'many', '-b', address], lines)).code).toBe(0);
    const consume = start('consume', 'many', '-b', address, '--from-beginning');
    await new Promise((resolve) => consume.child.stdout?.once('data', resolve));
    consume.child.stdout?.destroy();
    expect(await consume.ended).toBe(0);
    expect(consume.stderr()).toBe('');
  });
});

describe('without a broker', () => {
  test('a command fails in one line that names the address', async () => {
    const { code, stderr } = await run(['topics', 'list', '-b', '127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kafkit: .*127\.0\.0\.1:1.*\n$/);
  });
});

describe('kafkit demo', () => {
  test('ends with every number once, although its consumer was killed twice', async () => {
    const { code, stdout, stderr } = await run(['demo', '--records', '200']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '200 documents, 0 missing, 0 twice\n' });
    expect(stderr.match(/Killed the consumer \(SIGKILL\)/g)).toHaveLength(2);
  });
});
