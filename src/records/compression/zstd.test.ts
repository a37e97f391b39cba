import { expect, test, vi } from 'vitest';

test('zstd that is not loaded yet says what to do, and works once loaded', async () => {
  vi.resetModules();
  const { compress, decompress, isCodecLoaded, loadCodec } = await import('./codec.js');
  if (!isCodecLoaded('zstd')) {
    expect(() => compress('zstd', Buffer.from('a'))).toThrow(
      expect.objectContaining({ code: 'CODEC_MISSING', hint: expect.stringContaining('Install') }),
    );
  }
  await Promise.all([loadCodec('zstd'), loadCodec('zstd')]);
  expect(isCodecLoaded('zstd')).toBe(true);
  expect(decompress('zstd', compress('zstd', Buffer.from('a'))).toString()).toBe('a');
});

test('levels are passed on to gzip and zstd', async () => {
  const { compress, loadCodec } = await import('./codec.js');
  await loadCodec('zstd');
  const text = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `${n * 7919} `).join(''));
  for (const type of ['gzip', 'zstd'] as const) {
    const fast = compress(type, text, 1);
    const small = compress(type, text, type === 'gzip' ? 9 : 15);
    expect(small.length).toBeLessThan(fast.length);
  }
});
