import type { Clock } from '../clock.js';
import type { Socket } from '../net.js';

/** `write` answers false above this many undelivered bytes, about as the kernel's buffers do. */
const highWaterBytes = 256 * 1024;
/** The bytes of one delivery: receivers must cope with frames that come in pieces. */
const deliveryBytes = 64 * 1024;
/** Deliveries copy into this one buffer, so that keeping a view of it shows at once. */
const delivery = Buffer.allocUnsafeSlow(deliveryBytes);

interface Address {
  readonly address: string;
  readonly port: number;
}

interface Pending {
  readonly chunk: Uint8Array;
  sent: number;
  readonly written: (() => void) | undefined;
}

/** One end of a connection inside the process. */
export class MemorySocket implements Socket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  onData: (bytes: Buffer) => void = () => undefined;
  onSpace: () => Buffer | undefined = () => undefined;
  onClose: (error?: Error) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly #clock: Pick<Clock, 'soon'>;
  readonly #gone: (socket: MemorySocket) => void;
  #peer: MemorySocket | undefined;
  /** Written here, not yet delivered to the peer. */
  #outgoing: Pending[] = [];
  #outgoingBytes = 0;
  #needDrain = false;
  #scheduled = false;
  #paused = false;
  #ending = false;
  #endSent = false;
  #closed = false;

  private constructor(
    local: Address,
    remote: Address,
    clock: Pick<Clock, 'soon'>,
    gone: (socket: MemorySocket) => void,
  ) {
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.#clock = clock;
    this.#gone = gone;
  }

  /** Two connected ends; `gone` is called for each when it has closed. */
  static pair(
    near: Address,
    far: Address,
    clock: Pick<Clock, 'soon'>,
    gone: (socket: MemorySocket) => void,
  ): [MemorySocket, MemorySocket] {
    const one = new MemorySocket(near, far, clock, gone);
    const two = new MemorySocket(far, near, clock, gone);
    one.#peer = two;
    two.#peer = one;
    return [one, two];
  }

  write(chunks: readonly Uint8Array[], written?: () => void): boolean {
    if (this.#closed || this.#ending) return false;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Uint8Array;
      const last = i === chunks.length - 1;
      this.#outgoing.push({ chunk, sent: 0, written: last ? written : undefined });
      this.#outgoingBytes += chunk.length;
    }
    this.#schedule();
    const free = this.#outgoingBytes < highWaterBytes;
    if (!free) this.#needDrain = true;
    return free;
  }

  flush(): void {
    // What is written is under way already.
  }

  bufferedBytes(): number {
    return this.#outgoingBytes;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const peer = this.#peer;
    if (peer !== undefined) peer.#schedule();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#schedule();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    const peer = this.#peer;
    this.#close(error);
    if (peer !== undefined) this.#clock.soon(() => peer.#close());
  }

  /** Ends both sides with the error, without delivering anything more. */
  break(error: Error): void {
    const peer = this.#peer;
    this.#close(error);
    if (peer !== undefined) peer.#close(error);
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.#peer;
    if (peer === undefined || peer.#closed) return;
    while (!this.#closed && !peer.#closed && !peer.#paused) {
      const into = peer.onSpace() ?? delivery;
      const [length, done] = this.#fill(into);
      if (length > 0) peer.onData(into.subarray(0, length));
      for (const written of done) written();
      if (length === 0) break;
    }
    if (this.#closed || this.#outgoing.length > 0) return;
    if (this.#needDrain) {
      this.#needDrain = false;
      this.onDrain();
    }
    if (this.#ending) this.#sendEnd(peer);
  }

  /** Half of a close: the peer may still send what it has, then ends too. */
  #sendEnd(peer: MemorySocket): void {
    this.#endSent = true;
    if (peer.#endSent) {
      this.#close();
      peer.#close();
    } else {
      peer.end();
    }
  }

  /** Copies the next bytes into a delivery; also returns whose writes are done by it. */
  #fill(into: Buffer): [length: number, done: (() => void)[]] {
    const done: (() => void)[] = [];
    const limit = Math.min(deliveryBytes, into.length);
    let length = 0;
    while (length < limit) {
      const first = this.#outgoing[0];
      if (first === undefined) break;
      const piece = Math.min(limit - length, first.chunk.length - first.sent);
      into.set(first.chunk.subarray(first.sent, first.sent + piece), length);
      length += piece;
      first.sent += piece;
      if (first.sent < first.chunk.length) break;
      this.#outgoing.shift();
      if (first.written !== undefined) done.push(first.written);
    }
    this.#outgoingBytes -= length;
    return [length, done];
  }

  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#gone(this);
    this.#clock.soon(() => {
      if (error === undefined) this.onClose();
      else this.onClose(error);
    });
  }
}
