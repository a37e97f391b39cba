// Judges the history of one trial: what outside clients asked for, were told and saw, against what
// lies in the log when all is over. Pure; gives sentences, and none means that nothing is wrong.
import { checkDependencies } from './check-dependencies.mjs';
import { checkGroups } from './check-groups.mjs';
import { checkPolls } from './check-polls.mjs';
import { checkWrites } from './check-writes.mjs';
import { historyOf } from './history.mjs';
import { legal } from './legal.mjs';

/** Findings of one kind that are told in full. */
const toldMax = 5;

class Report {
  #findings = new Map();
  legal = {};

  find(kind, sentence) {
    this.#findings.set(kind, [...(this.#findings.get(kind) ?? []), sentence]);
  }

  /** Counts what is known to be legal. */
  count(kind) {
    if (!(kind in legal)) throw new Error(`${kind} is not in the list of what is legal.`);
    this.legal[kind] = (this.legal[kind] ?? 0) + 1;
  }

  get sentences() {
    return [...this.#findings].flatMap(([kind, list]) => {
      const told = list.slice(0, toldMax).map((sentence) => `${kind}: ${sentence}`);
      if (list.length > toldMax) told.push(`${kind}: and ${list.length - toldMax} more`);
      return told;
    });
  }
}

/** `entries` are the lines of the journals, `final` what the last reader found (history.mjs). */
export function check({ entries, final }) {
  const history = historyOf(entries, final);
  const report = new Report();
  for (const { process, message } of history.troubles) {
    report.find('trouble', `${process}: ${message}`);
  }
  for (let n = 0; n < history.hung; n++) report.count('client-hung');
  checkWrites(history, report);
  checkPolls(history, report);
  checkGroups(history, report);
  checkDependencies(history, report);
  return { findings: report.sentences, legal: report.legal, facts: factsOf(history) };
}

/** How much there was to judge. */
function factsOf({ writes, transactions, polls }) {
  const outcomes = { committed: 0, aborted: 0, unknown: 0 };
  for (const { outcome } of transactions.values()) outcomes[outcome]++;
  return { writes: writes.size, reads: polls.length, ...outcomes };
}
