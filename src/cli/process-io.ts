import { realSystem } from '../system/index.js';
import type { CliIo, Output } from './io.js';

/**
 * One Ctrl-C under `npm start` comes twice: from the terminal, and passed on by npm. Only a later
 * signal is a second one.
 */
const impatientAfterMs = 1000;

/** The real input and output: `process`, its streams and its signals. */
export function processIo(): CliIo {
  const system = realSystem();
  const interruption = new AbortController();
  let firstAt = 0;
  const stop = (reason: string) => {
    const now = system.clock.monotonic();
    if (!interruption.signal.aborted) {
      firstAt = now;
      interruption.abort(reason);
    } else if (reason !== 'closed' && now - firstAt > impatientAfterMs) {
      // Asked a second time, we no longer finish properly.
      process.exit(130);
    }
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  return {
    stdout: new StreamOutput(process.stdout, () => stop('closed')),
    stderr: new StreamOutput(process.stderr, () => undefined),
    stdin: () => process.stdin,
    stdinIsTerminal: process.stdin.isTTY === true,
    interrupted: interruption.signal,
    system,
    self: [process.execPath, process.argv[1] ?? ''],
  };
}

class StreamOutput implements Output {
  readonly isTerminal: boolean;
  readonly #stream: NodeJS.WriteStream;
  #closed = false;

  constructor(stream: NodeJS.WriteStream, onClosed: () => void) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    // EPIPE: the reader of the pipe has gone, which is no failure of ours.
    stream.on('error', () => {
      this.#closed = true;
      onClosed();
    });
  }

  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(text: string | Uint8Array): Promise<void> | undefined {
    if (this.#closed || this.#stream.write(text)) return undefined;
    return this.#drained();
  }

  /** Resolves when the stream takes more, or when there is nobody left to take anything. */
  #drained(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const go = () => {
        stream.off('drain', go);
        stream.off('error', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('error', go);
    });
  }
}

/** Waits until everything written has left the process. */
export async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.destroyed || stream.writableLength === 0) continue;
    await new Promise<void>((resolve) => {
      stream.once('error', () => resolve());
      stream.write('', () => resolve());
    });
  }
}
