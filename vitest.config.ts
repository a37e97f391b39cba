import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/compat/**', 'node_modules/**', 'dist/**'],
    reporters: ['default', './scripts/closing-line.mjs'],
    // By default one processor is left free: half of two.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
