import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isKafkaError } from '../errors/index.js';
import type { Disk } from './disk.js';
import { realDisk } from './real-disk.js';
import { MemoryDisk } from './simulated/index.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafkit-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The same promises hold on both disks. */
describe.each(['real', 'memory'] as const)('a %s disk', (kind) => {
  let disk: Disk;
  let root: string;
  beforeEach(() => {
    disk = kind === 'real' ? realDisk : new MemoryDisk();
    root = kind === 'real' ? directory : '/root';
    disk.makeDirectory(root);
  });

  test('reads back what was written in several chunks at a position', async () => {
    const file = disk.open(disk.join(root, 'a'), 'create');
    file.write([Buffer.from('hello '), Buffer.from('world')], 3);
    const target = Buffer.alloc(20, 'x');
    expect(file.size()).toBe(14);
    expect(file.read(target, 0)).toBe(14);
    expect(target.toString('latin1')).toBe('\0\0\0hello worldxxxxxx');
    await file.sync();
    file.truncate(5);
    expect(file.read(target, 3)).toBe(2);
    file.close();
  });

  test('writes more chunks than the operating system takes at once', () => {
    const file = disk.open(disk.join(root, 'many'), 'create');
    const chunks = Array.from({ length: 2500 }, (_, i) => Buffer.from(`${i},`));
    file.write(chunks, 0);
    file.close();
    const text = disk.readFile(disk.join(root, 'many')).toString();
    expect(text).toBe(chunks.map(String).join(''));
  });

  test('lists entries by name and says which are directories', () => {
    disk.makeDirectory(disk.join(root, 'b', 'c'));
    disk.open(disk.join(root, 'a'), 'create').close();
    expect(disk.list(root)).toEqual([
      { name: 'a', isDirectory: false },
      { name: 'b', isDirectory: true },
    ]);
  });

  test('gives a file a second name, which outlives the first', () => {
    const at = (name: string) => disk.join(root, name);
    disk.replaceFile(at('one'), Buffer.from('1'));
    expect(disk.link(at('one'), at('two'))).toBe(true);
    expect(() => disk.link(at('one'), at('two'))).toThrow(/EEXIST/);
    disk.remove(at('one'));
    expect(disk.readFile(at('two')).toString()).toBe('1');
    expect(() => disk.link(at('one'), at('three'))).toThrow(/ENOENT/);
  });

  test('renames, replaces and removes files and directories', () => {
    const at = (name: string) => disk.join(root, name);
    disk.replaceFile(at('one'), Buffer.from('1'));
    disk.replaceFile(at('one'), Buffer.from('2'));
    disk.rename(at('one'), at('two'));
    expect(disk.exists(at('one'))).toBe(false);
    expect(String(disk.readFile(at('two')))).toBe('2');
    disk.makeDirectory(at('d'));
    disk.rename(at('two'), at('d/two'));
    disk.remove(at('d'));
    disk.remove(at('d'));
    expect(disk.list(root)).toEqual([]);
  });

  test('fails with the path when a file is missing', () => {
    const path = disk.join(root, 'absent');
    for (const run of [() => disk.open(path, 'write'), () => disk.list(path)]) {
      expect(run).toThrow(/absent/);
    }
  });

  test('is locked by one holder at a time', async () => {
    const lock = await disk.lockDirectory(root);
    const second = await disk.lockDirectory(root).catch((error: unknown) => error);
    expect(isKafkaError(second, 'DATA_DIRECTORY_LOCKED')).toBe(true);
    await lock.release();
    const third = await disk.lockDirectory(root);
    await third.release();
    await disk.syncDirectory(root);
  });
});

test('a file closed while it is being synced is synced all the same', async () => {
  const file = realDisk.open(join(directory, 'a'), 'create');
  file.write([Buffer.from('x')], 0);
  const synced = file.sync();
  file.close();
  await expect(synced).resolves.toBeUndefined();
});
