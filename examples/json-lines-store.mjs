// A tiny document store in one file, for examples that would else need a database: one line of JSON
// per write, and the last line of an `_id` counts. A line that was cut off by a crash is ignored.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export class JsonLinesStore {
  #path;
  #documents = new Map();

  constructor(path) {
    this.#path = path;
    if (!existsSync(path)) return;
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop(); // empty, or cut off
    for (const line of lines) {
      const document = JSON.parse(line);
      this.#documents.set(document._id, document);
    }
  }

  /** Stores documents under their `_id`s; those already there are replaced. */
  async replace(documents) {
    appendFileSync(this.#path, documents.map((each) => `${JSON.stringify(each)}\n`).join(''));
    for (const document of documents) this.#documents.set(document._id, document);
  }

  async all() {
    return [...this.#documents.values()];
  }

  async close() {}
}
