// The fast selection of the kill matrix: pipelines struck at every step and by every fault, into
// two independent MongoDB-compatible servers and one that lies. All of it: npm run killmatrix.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './environment.mjs';

const child = spawn(process.execPath, [join(root, 'test', 'killmatrix', 'run.mjs'), '--fast'], {
  stdio: 'inherit',
});
child.on('close', (code) => process.exit(code ?? 1));
