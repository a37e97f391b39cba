// Runs Java programs of the suite and reads what they print.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { atExit } from '../environment.mjs';

/** A running Java program. `limitSeconds` ends it with an error. */
export class Program {
  printed = '';
  #child;
  #waiting = new Set();

  constructor(classPath, [main, ...args], limitSeconds = 240) {
    const tier = ['-XX:TieredStopAtLevel=1', '-Xmx384m', '-Djava.awt.headless=true'];
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
    this.#child = spawn('java', [...tier, quiet, '-cp', classPath, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.name = main.split('.').at(-1);
    const keep = (bytes) => {
      this.printed += bytes;
      for (const look of this.#waiting) look();
    };
    this.#child.stdout.on('data', keep);
    this.#child.stderr.on('data', keep);
    this.limit = setTimeout(() => {
      this.printed += `\nended after ${limitSeconds} s`;
      this.kill();
    }, limitSeconds * 1000);
    this.closed = once(this.#child, 'close').then(([status, signal]) => {
      clearTimeout(this.limit);
      for (const look of this.#waiting) look(status ?? signal);
      return status ?? signal;
    });
    atExit(() => this.kill());
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  terminate() {
    this.#child.kill('SIGTERM');
  }

  /** Resolves when what was printed satisfies `seen`; fails when the program ends before. */
  until(seen, what) {
    return new Promise((done, fail) => {
      const look = (ended) => {
        const found = seen(this.printed);
        if (!found && ended === undefined) return;
        this.#waiting.delete(look);
        if (found) done(found);
        else fail(new Error(`${this.name} ended (${ended}) before ${what}\n${this.tail()}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** To its end; throws when that is not status 0. */
  async toEnd() {
    const status = await this.closed;
    if (status !== 0) throw new Error(`${this.name} ended with ${status}\n${this.tail()}`);
    return this.printed;
  }

  tail() {
    return this.printed.slice(-3000);
  }

  /** The JSON objects printed one a line so far, those of a `name` only. */
  events(name) {
    const events = [];
    for (const line of this.printed.split('\n')) {
      if (!line.startsWith('{') || !line.endsWith('}')) continue;
      const event = JSON.parse(line);
      if (event.name === name) events.push(event);
    }
    return events;
  }
}
