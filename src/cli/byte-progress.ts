import type { TransferProgress } from '../broker/index.js';
import type { CliIo } from './io.js';
import { Progress } from './progress.js';

const megabyte = 1_000_000;

/** Draws how far a copy has come, in megabytes; nothing where stderr is no terminal. */
export class ByteProgress {
  readonly #io: CliIo;
  #bar: Progress | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  readonly at = ({ doneBytes, totalBytes }: TransferProgress): void => {
    const { stderr, system } = this.#io;
    const total = Math.max(1, Math.ceil(totalBytes / megabyte));
    this.#bar ??= new Progress(stderr, system.clock, total, 'MB');
    this.#bar.at(Math.min(total, Math.round(doneBytes / megabyte)));
  };

  end(): void {
    this.#bar?.end();
  }
}
