import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock, MemoryDisk } from '../system/simulated/index.js';
import { audit } from './demo.js';
import { JsonLinesStore, type NumberDocument } from './demo-store.js';
import type { Output } from './io.js';
import { Progress } from './progress.js';

const document = (offset: number): NumberDocument => ({
  _id: `numtest#0#${offset}`,
  number: offset,
});

describe('the store of JSON lines', () => {
  test('replaces a document that is stored again', async () => {
    const store = new JsonLinesStore(new MemoryDisk(), '/store');
    await store.replace([document(0), document(1)]);
    await store.replace([document(1), document(2)]);
    expect(await store.all()).toEqual([document(0), document(1), document(2)]);
  });

  test('cut off anywhere, it is opened with every whole line and can be written on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (cut) => {
        const disk = new MemoryDisk();
        const store = new JsonLinesStore(disk, '/store');
        await store.replace([document(0), document(1), document(2)]);
        await store.close();
        const path = disk.join('/store', 'numtest.jsonl');
        const file = disk.open(path, 'write');
        const size = file.size();
        file.truncate(cut % (size + 1));
        file.close();
        const whole = disk.readFile(path).toString('utf8').split('\n').length - 1;
        const again = new JsonLinesStore(disk, '/store');
        expect(await again.all()).toHaveLength(whole);
        // Whoever was killed replays what may be missing.
        await again.replace([document(0), document(1), document(2)]);
        await again.close();
        expect(await new JsonLinesStore(disk, '/store').all()).toHaveLength(3);
      }),
      { numRuns: 50 },
    );
  });

  test('forgets everything when it is cleared', async () => {
    const disk = new MemoryDisk();
    const store = new JsonLinesStore(disk, '/store');
    await store.replace([document(0)]);
    await store.clear();
    await store.replace([document(5)]);
    await store.close();
    expect(await new JsonLinesStore(disk, '/store').all()).toEqual([document(5)]);
  });
});

test('the audit counts what is missing and what is there twice', () => {
  const documents = [document(0), document(1), { _id: 'other', number: 1 }];
  expect(audit(documents, 4)).toEqual({ missing: 2, twice: 1 });
});

describe('a progress bar', () => {
  const draw = async (isTerminal: boolean) => {
    let text = '';
    const output: Output = {
      isTerminal,
      columns: 80,
      closed: false,
      write: (piece) => {
        text += String(piece);
        return undefined;
      },
    };
    const clock = new ManualClock();
    const progress = new Progress(output, clock, 10, 'records');
    await clock.advance(1000);
    progress.at(5);
    progress.say('half');
    progress.at(10);
    progress.end();
    return text;
  };

  test('shows rate and time left on a terminal', async () => {
    expect(await draw(true)).toContain('5/10 records  5/s  1 s left');
  });

  test('is nothing but lines in a pipe', async () => {
    expect(await draw(false)).toBe('half\n');
  });
});
