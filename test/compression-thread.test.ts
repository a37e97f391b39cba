import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The built room: a thread needs a file that Node can run as it is. */
const built = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'records', 'index.js');

test('big batches of the codecs written here are worked on in another thread', async () => {
  const records = (await import(built)) as typeof import('../src/records/index.js');
  const started = new Promise((resolve) => process.once('worker', resolve));
  const bytes = Buffer.from('many words that repeat, '.repeat(20_000));
  for (const type of ['lz4', 'snappy', 'zstd'] as const) {
    const packed = await records.compressAsync(type, bytes);
    expect(packed.length).toBeLessThan(bytes.length / 4);
    await records.loadCodec(type);
    expect(records.decompress(type, packed, bytes.length).equals(bytes)).toBe(true);
    expect((await records.decompressAsync(type, packed)).equals(bytes)).toBe(true);
  }
  await started;
  const packed = await records.compressAsync('lz4', bytes.subarray(0, 300_000));
  const bomb = records.decompressAsync(
    'lz4',
    Buffer.concat([packed, packed.subarray(-40_000)]),
    1000,
  );
  await expect(bomb).rejects.toMatchObject({ code: expect.stringMatching(/^DECOMPRESSION_/) });
});
