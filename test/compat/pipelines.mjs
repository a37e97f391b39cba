// Pipelines from outside: the tutorial's numbers, killed five times on their way into MongoDB, and
// the fast selection of the kill matrix: every step and every fault, into two independent
// MongoDB-compatible servers and one that lies. All of it: npm run killmatrix.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './environment.mjs';

for (const command of [['tutorial.mjs'], ['run.mjs', '--fast']]) {
  const [file, ...flags] = command;
  const args = [join(root, 'test', 'killmatrix', file), ...flags];
  const status = await new Promise((done) => {
    spawn(process.execPath, args, { stdio: 'inherit' }).on('close', done);
  });
  if (status !== 0) process.exit(1);
}
