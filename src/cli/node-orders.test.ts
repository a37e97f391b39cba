import { expect, test } from 'vitest';
import { Broker } from '../broker/index.js';
import { realSystem, silentLogger } from '../system/index.js';
import { memorySystem } from '../system/simulated/index.js';
import type { CliIo, Output } from './io.js';
import { followOrders, introduceNodes } from './node-orders.js';

function ioOf(orders: string): { readonly io: CliIo; readonly said: () => string } {
  let text = '';
  const output: Output = {
    isTerminal: false,
    columns: 80,
    closed: false,
    write: (written) => void (text += String(written)),
  };
  const io: CliIo = {
    stdout: output,
    stderr: output,
    stdin: async function* () {
      yield Buffer.from(orders);
    },
    stdinIsTerminal: true,
    interrupted: new AbortController().signal,
    system: realSystem(),
    self: [],
  };
  return { io, said: () => text };
}

test('nodes are stopped and started by lines of input, and nonsense is explained', async () => {
  const broker = await Broker.start({
    listen: '127.0.0.1:9092',
    brokers: 2,
    data: 'memory',
    system: memorySystem(),
    logger: silentLogger,
  });
  try {
    const { io, said } = ioOf('stop 2\nnodes\n\nstop 9\nstop it now\nstart 2\r\nstop 1');
    introduceNodes(broker, io);
    expect(said()).toContain('node 2  127.0.0.1:9093  running');
    await followOrders(broker, io);
    expect(said()).toContain('node 2 has stopped');
    expect(said()).toContain('node 2  127.0.0.1:9093  stopped');
    expect(said()).toContain('There is no node 9. The nodes are 1, 2.');
    expect(said()).toContain('Type "stop ID"');
    expect(broker.nodes.map(({ running }) => running)).toEqual([false, true]);
  } finally {
    await broker.close();
  }
});
