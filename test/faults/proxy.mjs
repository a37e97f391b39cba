// A TCP relay that misbehaves on demand: it cuts, delays, throttles, stalls, resets and half-closes
// the connections that go through it, and is mended again.
//
//   client ──▶ Pipe ──▶ server      each direction is a queue of its own, so that whatever is
//   client ◀── Pipe ◀── server      done to the bytes, their order stays
import { connect, createServer } from 'node:net';

/** Bytes that one direction keeps before its source has to wait. */
const queuedMax = 1 << 20;

/** One direction of one connection. */
class Pipe {
  #proxy;
  #from;
  #to;
  #queue = [];
  #queued = 0;
  #isEnded = false;
  #timer;
  #mayStop = false;
  passed = 0;

  constructor(proxy, from, to) {
    this.#proxy = proxy;
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes) => {
      if (this.#mayStop) return;
      this.#queue.push({ bytes, at: Date.now() });
      this.#queued += bytes.length;
      if (this.#queued > queuedMax) from.pause();
      this.pump();
    });
    from.on('end', () => {
      this.#isEnded = true;
      this.pump();
    });
  }

  /** Passes on what is due; comes back by itself for what is not. */
  pump() {
    clearTimeout(this.#timer);
    const { delayMs, bytesPerSecond, isStalled } = this.#proxy;
    for (let head = this.#queue[0]; head !== undefined && !isStalled; head = this.#queue[0]) {
      const wait = head.at + delayMs - Date.now();
      if (wait > 0) return this.#later(wait);
      // A throttled direction trickles: pieces that cut frames anywhere.
      const size =
        bytesPerSecond === 0
          ? head.bytes.length
          : Math.max(1, Math.min(head.bytes.length, Math.ceil(bytesPerSecond / 50)));
      this.#pass(head.bytes.subarray(0, size));
      if (size < head.bytes.length) head.bytes = head.bytes.subarray(size);
      else this.#queue.shift();
      if (this.#mayStop) return undefined;
      if (bytesPerSecond !== 0) return this.#later(20);
    }
    if (this.#isEnded && this.#queue.length === 0) this.#to.end();
    return undefined;
  }

  #pass(bytes) {
    this.#queued -= bytes.length;
    if (this.#queued <= queuedMax && this.#from.isPaused()) this.#from.resume();
    this.passed += bytes.length;
    if (!this.#to.destroyed && this.#to.writable) this.#to.write(bytes);
    this.#proxy.passed(this, this.#from, this.#to);
  }

  #later(ms) {
    this.#timer = setTimeout(() => this.pump(), ms);
    return undefined;
  }

  stop() {
    this.#mayStop = true;
    this.#queue.length = 0;
    clearTimeout(this.#timer);
  }
}

export class Proxy {
  #target;
  #server;
  #links = new Set();
  #isCut = false;
  #resetAfter = Infinity;
  /** How much later than it came everything goes on. */
  delayMs = 0;
  /** Of each direction of each connection; 0 is without limit. */
  bytesPerSecond = 0;
  /** Nothing goes on, and nobody is told. */
  isStalled = false;

  /** `target()` answers host and port at each connection. */
  static async start(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = createServer({ allowHalfOpen: true }, (socket) => proxy.#accept(socket));
    await new Promise((done) => proxy.#server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  get connections() {
    return this.#links.size;
  }

  #accept(client) {
    if (this.#isCut) return client.destroy();
    const { host, port } = this.#target();
    const server = connect({ port, host, allowHalfOpen: true });
    client.setNoDelay(true);
    server.setNoDelay(true);
    const pipes = [new Pipe(this, client, server), new Pipe(this, server, client)];
    const link = { client, server, pipes };
    this.#links.add(link);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      one.on('error', () => undefined);
      one.on('close', () => {
        for (const pipe of pipes) pipe.stop();
        other.destroy();
        this.#links.delete(link);
      });
    }
    return undefined;
  }

  /** Called by a pipe for what it has passed on: the moment of a reset in the middle of a frame. */
  passed(pipe, from, to) {
    if (pipe.passed < this.#resetAfter) return;
    pipe.stop();
    from.resetAndDestroy();
    to.resetAndDestroy();
  }

  #pumpAll() {
    for (const { pipes } of this.#links) for (const pipe of pipes) pipe.pump();
  }

  /** Nothing passes any more, and new connections are dropped. */
  cut() {
    this.#isCut = true;
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
  }

  /** Ends every connection with a reset. */
  reset() {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** From here on each connection is reset once so many bytes have gone in one direction. */
  resetAfter(bytes) {
    this.#resetAfter = bytes;
  }

  /** Says to one side of every connection that the other has nothing more to say; it listens on. */
  halfClose(side) {
    for (const link of this.#links) link[side].end();
  }

  /** Everything passes again, what was held back first. */
  mend() {
    this.#isCut = false;
    this.#resetAfter = Infinity;
    this.delayMs = 0;
    this.bytesPerSecond = 0;
    this.isStalled = false;
    this.#pumpAll();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
