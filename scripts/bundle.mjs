// Bundles the compiled entry points into a few files each, so that importing the client reads a
// handful of files instead of one per module. What is loaded on demand stays a file of its own.
//   node scripts/bundle.mjs      after tsc; reads dist/, writes dist/bundle/
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { exports, bin, optionalDependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

// dist/bundle/connect-mongodb.js is made from where the types of that entry lie.
const input = {
  cli: join(root, 'dist', 'cli', 'main.js'),
  // A thread of its own, found beside the file that starts it.
  'compression-worker': join(root, 'dist', 'records', 'compression', 'compression-worker.js'),
};
for (const target of Object.values(exports)) {
  if (typeof target === 'string') continue;
  const name = target.default.replace('./dist/bundle/', '').replace(/\.js$/, '');
  input[name] = join(root, target.types.replace(/\.d\.ts$/, '.js'));
}
if (bin.kafkit !== 'dist/bundle/cli.js')
  throw new Error('package.json: bin must be the bundled cli');

const bundle = await rolldown({
  input,
  platform: 'node',
  external: [/^node:/, ...Object.keys({ ...optionalDependencies, ...peerDependencies })],
  onLog(level, log) {
    // Circles are the tidy test's business; everything else is worth reading.
    if (level === 'warn' && log.code !== 'CIRCULAR_DEPENDENCY')
      console.error(`bundle: ${log.message}`);
  },
});
await bundle.write({
  dir: join(root, 'dist', 'bundle'),
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  minify: false,
});
await bundle.close();
