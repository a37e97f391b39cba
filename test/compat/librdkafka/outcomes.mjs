// Reads what librdkafka's test-runner prints.

/**
 * name → 'passed' | 'failed' | 'skipped' of each test and, as `test/sub-test`, of each sub-test.
 * What changes from run to run in the names of sub-tests (line numbers, numbers of clients, how long
 * a test lingers) is left out; a sub-test that occurs again is numbered. `reasons` of the answer says
 * why a test failed or was skipped.
 */
export function readOutcomes(printed) {
  const outcomes = new Map();
  outcomes.reasons = new Map();
  const open = new Map();
  const escape = String.fromCharCode(27);
  for (const raw of printed.replaceAll(new RegExp(`${escape}\\[\\d+m`, 'g'), '').split('\n')) {
    const line = raw.trimEnd();
    readSubTest(line, outcomes, open);
    readTest(line, outcomes);
  }
  return outcomes;
}

const states = { PASSED: 'passed', SKIPPED: 'skipped' };

/**
 * `===== Running test X =====`, later `===== Test X PASSED =====`; one that was begun and says no
 * more has failed. A test that is not begun at all is named in the summary only, if that is printed.
 */
function readTest(line, outcomes) {
  const found = /={5,} (Running test|Test) (\d{4}_\w+) ?(\w*) ?={5,}/.exec(line);
  if (found !== null) {
    const [, what, test, state] = found;
    outcomes.set(test, what === 'Test' ? (states[state] ?? 'failed') : 'failed');
    if (state === 'PASSED') passSubTests(test, outcomes);
    return;
  }
  const summary = /^\|\s*(\d{4}_\w+)\s*\|\s*(\w+)\s*\|\s*[\d.]+s\s*\|\s?(.*)$/.exec(line);
  if (summary === null) return;
  const [, test, state, reason] = summary;
  if (!outcomes.has(test)) outcomes.set(test, states[state] ?? 'failed');
  if (reason !== '') outcomes.reasons.set(test, reason);
}

/** Some sub-tests do not say that they passed; a test passes only when none of them has failed. */
function passSubTests(test, outcomes) {
  for (const [name, outcome] of outcomes) {
    if (name.startsWith(`${test}/`) && outcome === 'failed') outcomes.set(name, 'passed');
  }
}

/** `[0103_transactions / 0.2s] [ do_test_x:12: text ]`, later the same with PASS or SKIP. */
function readSubTest(line, outcomes, open) {
  const found = /^\[(\d{4}_\w+)\s*\/\s*[\d.]+s\] \[ (.*?)(?: \])?$/.exec(line);
  if (found === null) return;
  const [, test, text] = found;
  // Some tests put a text of their own into brackets; a sub-test begins with its function and line.
  if (!/^\w+:\d+/.test(text)) return;
  const end = /^(.*?): (PASS \(|SKIP: )/.exec(text);
  if (end === null) {
    open.set(test, { text, name: begin(outcomes, test, text) });
    return;
  }
  const begun = open.get(test);
  if (begun?.text !== end[1]) return;
  outcomes.set(begun.name, end[2].startsWith('PASS') ? 'passed' : 'skipped');
  open.delete(test);
}

/** The name of the sub-test that begins; it has failed unless its end is seen. */
function begin(outcomes, test, text) {
  const lasting = text
    .replace(/^(\w+):\d+/, '$1')
    .replace(/#(\w+)-\d+/, '#$1')
    .replace(/ \(linger\.ms=\d+\)$/, '');
  const plain = `${test}/${lasting}`;
  let name = plain;
  for (let again = 2; outcomes.has(name); again++) name = `${plain} #${again}`;
  outcomes.set(name, 'failed');
  return name;
}
