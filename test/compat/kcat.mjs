// kcat, Debian's build, lists, produces and consumes.
import { debian, require, run, runAside, startKafkit, temporaryDirectory } from './environment.mjs';

debian('kcat');
const broker = await startKafkit({
  data: temporaryDirectory('kcat'),
  flags: ['--create', 'birds:3'],
});
const kcat = (args) => runAside('timeout', ['30', 'kcat', '-b', broker.address, ...args]);

const listed = await kcat(['-L']);
require(/topic "birds" with 3 partitions/.test(listed), `kcat -L should list birds:\n${listed}`);

const lines = Array.from({ length: 1000 }, (_, n) => `key${n % 7}:tweet ${n}`);
for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  const producing = [
    '-P',
    '-b',
    broker.address,
    '-t',
    `birds-${codec}`,
    '-K:',
    '-z',
    codec,
    '-X',
    'acks=all',
  ];
  await kcat(['-L', '-t', `birds-${codec}`]);
  run('timeout', ['30', 'kcat', ...producing], { input: `${lines.join('\n')}\n` });
  const read = await kcat(['-C', '-t', `birds-${codec}`, '-o', 'beginning', '-e', '-q', '-K:']);
  require(read.trim() === lines.join('\n'), `kcat should read back what it wrote with ${codec}`);
}
const group = await kcat([
  '-G',
  'watchers',
  'birds-zstd',
  '-X',
  'auto.offset.reset=earliest',
  '-e',
  '-q',
  '-c',
  '1000',
]);
require(group.includes('tweet 999'), `a group should read to the end:\n${group.slice(-400)}`);
await broker.stop();
console.log('kcat listed, produced and consumed with five codecs, and as a group');
