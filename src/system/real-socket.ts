import type * as net from 'node:net';
import type { Socket } from './net.js';
import { streamError } from './net-error.js';

const keepAliveAfterMs = 60_000;
/** `write` asks its caller to wait above this; Node's own mark of 16 KiB is below one batch. */
const highWaterBytes = 256 * 1024;

/** A connected TCP or TLS socket. Writes of one turn of the event loop leave in one go. */
export class RealSocket implements Socket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  onData: (bytes: Buffer) => void = () => undefined;
  onSpace: () => Buffer | undefined = () => undefined;
  onClose: (error?: Error) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly #raw: net.Socket;
  readonly #flush = () => this.#uncork();
  #corked = false;

  /** `peer` names the other side in errors, such as the address that was asked for. */
  constructor(raw: net.Socket, peer: string) {
    this.#raw = raw;
    this.remoteAddress = raw.remoteAddress ?? '';
    this.remotePort = raw.remotePort ?? 0;
    this.localAddress = raw.localAddress ?? '';
    this.localPort = raw.localPort ?? 0;
    let failure: Error | undefined;
    raw.setNoDelay(true);
    raw.setKeepAlive(true, keepAliveAfterMs);
    raw.on('error', (error) => {
      failure = error;
    });
    raw.on('drain', () => this.onDrain());
    raw.on('close', () => {
      if (failure === undefined) this.onClose();
      else this.onClose(streamError(failure, peer));
    });
    // With `onread` nobody listens to 'data', so the end must be waited for here.
    raw.on('end', () => raw.end());
  }

  received(bytes: Buffer): void {
    this.onData(bytes);
  }

  write(chunks: readonly Uint8Array[], written?: () => void): boolean {
    const raw = this.#raw;
    if (!raw.writable) return false;
    if (!this.#corked) {
      this.#corked = true;
      raw.cork();
      process.nextTick(this.#flush);
    }
    const last = chunks.length - 1;
    for (let i = 0; i <= last; i++) {
      const chunk = chunks[i] as Uint8Array;
      if (i < last || written === undefined) {
        raw.write(chunk);
        continue;
      }
      raw.write(chunk, (error) => {
        if (error === undefined || error === null) written();
      });
    }
    return raw.writableLength < highWaterBytes;
  }

  flush(): void {
    if (this.#corked) this.#uncork();
  }

  #uncork(): void {
    this.#corked = false;
    this.#raw.uncork();
  }

  bufferedBytes(): number {
    return this.#raw.writableLength;
  }

  pause(): void {
    this.#raw.pause();
  }

  resume(): void {
    this.#raw.resume();
  }

  end(): void {
    this.#raw.end();
  }

  destroy(error?: Error): void {
    this.#raw.destroy(error);
  }
}
