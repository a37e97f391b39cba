// A TCP relay that can be cut, slowed down and mended.
import { connect, createServer } from 'node:net';

export class Proxy {
  #target;
  #server;
  #sockets = new Set();
  #isCut = false;
  delayMs = 0;

  /** `target()` answers host and port at each connection. */
  static async start(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = createServer((socket) => proxy.#accept(socket));
    await new Promise((done) => proxy.#server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  #accept(client) {
    if (this.#isCut) return client.destroy();
    const { host, port } = this.#target();
    const server = connect(port, host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        if (this.#isCut) return;
        if (this.delayMs === 0) to.write(bytes);
        else setTimeout(() => to.write(bytes), this.delayMs);
      });
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => undefined);
    }
    return undefined;
  }

  /** Nothing passes any more, and new connections are dropped. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
