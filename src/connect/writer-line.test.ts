import { expect, test } from 'vitest';
import type { SinkWriter } from './sink.js';
import { WriterLine } from './writer-line.js';

const writer: SinkWriter = { put: async () => [], close: async () => undefined };

/** Uses of a line that end when they are told to; `log` has their beginnings and ends. */
function usesOf(line: WriterLine) {
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const use = (how: 'alone' | 'write', name: string) =>
    line[how](async () => {
      log.push(`${name} begins`);
      await new Promise<void>((end) => ends.set(name, end));
      log.push(`${name} ends`);
      return name;
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await settle();
  };
  return { log, use, end };
}

/** All microtasks that are due run. */
const settle = () => new Promise<void>((done) => setImmediate(done));

test('writes go beside each other, everything else alone, in the order of asking', async () => {
  const { log, use, end } = usesOf(new WriterLine(writer, 2));
  const uses = [use('write', 'a'), use('write', 'b'), use('alone', 'flush'), use('write', 'c')];
  await settle();
  expect(log).toEqual(['a begins', 'b begins']);
  await end('a');
  expect(log).toEqual(['a begins', 'b begins', 'a ends']);
  await end('b');
  expect(log.slice(3)).toEqual(['b ends', 'flush begins']);
  await end('flush');
  expect(log.slice(5)).toEqual(['flush ends', 'c begins']);
  await end('c');
  expect(await Promise.all(uses)).toEqual(['a', 'b', 'flush', 'c']);
});

test('writes of a sink that takes one partition at a time are alone, too', async () => {
  const { log, use, end } = usesOf(new WriterLine(writer, 1));
  const uses = [use('write', 'a'), use('write', 'b')];
  await settle();
  expect(log).toEqual(['a begins']);
  await end('a');
  expect(log).toEqual(['a begins', 'a ends', 'b begins']);
  await end('b');
  await Promise.all(uses);
});

test('a write that fails is no hindrance to what comes after it', async () => {
  const line = new WriterLine(writer, 2);
  const failing = line.write(async () => Promise.reject(new Error('away')));
  const flushed = line.alone(async () => 'flushed');
  await expect(failing).rejects.toThrow('away');
  expect(await flushed).toBe('flushed');
  await expect(line.alone(async () => Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(await line.write(async () => 'written')).toBe('written');
});
