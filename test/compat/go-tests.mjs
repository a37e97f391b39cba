// Runs a built Go test program and reads the outcome of each test and sub-test.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const words = { pass: 'passed', fail: 'failed', skip: 'skipped' };

/**
 * name → 'passed' | 'failed' | 'skipped'. A test that is begun and says no more has failed. What
 * `skip` fits is left out.
 */
export function runGoTests(program, { cwd, env, pattern, skip = '^$', minutes }) {
  const which = [`-test.run=${pattern}`, `-test.skip=${skip}`];
  const tests = [program, '-test.v=test2json', `-test.timeout=${minutes}m`, ...which];
  const child = spawn('go', ['tool', 'test2json', '-t', ...tests], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  const outcomes = new Map();
  const printed = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line);
    const test = event.Test ?? '';
    if (event.Action === 'run') outcomes.set(test, 'failed');
    if (event.Action === 'output')
      printed.set(test, `${printed.get(test) ?? ''}${event.Output}`.slice(-4000));
    if (test === '' || words[event.Action] === undefined) return;
    outcomes.set(test, words[event.Action]);
    if (event.Action === 'fail') console.log(`failed ${test}\n${printed.get(test)}`);
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', () => done(outcomes));
  });
}
