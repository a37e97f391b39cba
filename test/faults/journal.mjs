// What the clients did and were told, in the order in which it happened: entries are only ever
// added. The checker reads them afterwards; a file of them is what a finding is looked into with.
import { appendFileSync, writeFileSync } from 'node:fs';

/** Entries that are written to the file at once. */
const writtenTogether = 1000;

export class Journal {
  entries = [];
  #path;
  #written = 0;
  #started = Date.now();

  constructor(path) {
    this.#path = path;
    writeFileSync(path, '');
  }

  note(kind, facts) {
    this.entries.push({ at: Date.now() - this.#started, kind, ...facts });
    if (this.entries.length - this.#written >= writtenTogether) this.write();
  }

  count(kind) {
    return this.entries.reduce((sum, entry) => sum + (entry.kind === kind ? 1 : 0), 0);
  }

  write() {
    const lines = this.entries.slice(this.#written).map((entry) => `${JSON.stringify(entry)}\n`);
    this.#written = this.entries.length;
    appendFileSync(this.#path, lines.join(''));
  }
}
