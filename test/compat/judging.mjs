// What the checks of Admin and of share groups share: one printed line for each check, what to
// compare, and how to wait for what a broker learns a moment later.
import { require, sleep } from './environment.mjs';

const totals = { passed: 0, failed: 0 };

export async function check(name, work) {
  let timer;
  const limit = new Promise((_done, fail) => {
    timer = setTimeout(() => fail(new Error('took more than 5 minutes')), 300_000);
  });
  try {
    const said = await Promise.race([work(), limit]);
    totals.passed++;
    console.log(`ok      ${name}${said ? `: ${said}` : ''}`);
  } catch (error) {
    totals.failed++;
    console.log(`FAILED  ${name}: ${error.code ?? ''} ${error.stack}`);
  } finally {
    clearTimeout(timer);
  }
}

export function equal(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  require(a === b, `${what}: ${a} instead of ${b}`);
}

export function says(text, pattern) {
  require(pattern.test(text), `the tool does not say ${pattern}:\n${text.slice(0, 3000)}`);
}

/** Brokers learn of changes a moment after the answer: asks again for so many seconds. */
export async function eventually(work, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

export async function fails(code, work) {
  try {
    await work();
  } catch (error) {
    require(error.code === code, `${code} expected, not ${error.code}: ${error.message}`);
    return error;
  }
  throw new Error(`${code} expected, but it worked`);
}

/** The closing line; ends the process, with 1 when anything failed. */
export function closing() {
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
}
