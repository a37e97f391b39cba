import type { System } from '../system/index.js';

/** Where a command writes: a terminal, a file or a pipe whose reader may go away. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width of the terminal, 80 where there is none. */
  readonly columns: number;
  /** Nobody reads any more (`| head`): what is written now is dropped. */
  readonly closed: boolean;
  /** Writes; a promise means that the reader is slower than we are: await it before going on. */
  write(text: string | Uint8Array): Promise<void> | undefined;
}

/**
 * Everything a command may touch outside itself. The real one sits on `process`; tests give a
 * small fake and look at what was written.
 */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard input in chunks, read only as fast as they are taken. */
  stdin(): AsyncIterable<Uint8Array>;
  readonly stdinIsTerminal: boolean;
  /** Aborted by the first SIGINT or SIGTERM, or when nobody reads stdout any more. */
  readonly interrupted: AbortSignal;
  /** Clock, files, sockets and randomness. */
  readonly system: System;
  /** How this program starts itself anew: the node binary and the script. */
  readonly self: readonly string[];
}

/** One line to stderr, where everything goes that is said to a person. */
export function say(io: CliIo, line: string): void {
  void io.stderr.write(`${line}\n`);
}
