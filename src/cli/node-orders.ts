import type { Broker } from '../broker/index.js';
import { isKafkaError } from '../errors/index.js';
import { chunksOf } from './chunks.js';
import { type CliIo, say } from './io.js';
import { linesOf } from './lines.js';

const help = 'Type "stop ID", "start ID" or "nodes", each followed by Enter; Ctrl-C stops all.';

/**
 * Reads orders from standard input while a broker with several nodes runs: so a person sees what
 * clients do when a node fails. Ends with the input, or when the command is interrupted.
 */
export async function followOrders(broker: Broker, io: CliIo): Promise<void> {
  for await (const line of linesOf(chunksOf([], io))) {
    const [verb = '', id = '', ...rest] = line.toString('utf8').trim().split(/\s+/);
    if (verb === '') continue;
    try {
      await follow(verb, rest.length > 0 ? '' : id, broker, io);
    } catch (error) {
      if (!isKafkaError(error)) throw error;
      say(io, `kafkit: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
    }
  }
}

async function follow(verb: string, id: string, broker: Broker, io: CliIo): Promise<void> {
  const isOrder = (verb === 'stop' || verb === 'start') && /^\d+$/.test(id);
  if (isOrder && verb === 'stop') {
    await broker.stopNode(Number(id));
    say(io, `kafkit: node ${id} has stopped; others lead what it led.`);
  } else if (isOrder) {
    await broker.startNode(Number(id));
    say(io, `kafkit: node ${id} runs again.`);
  } else if (verb === 'nodes') sayNodes(broker, io);
  else say(io, `kafkit: ${help}`);
}

function sayNodes(broker: Broker, io: CliIo): void {
  for (const { id, address, running } of broker.nodes) {
    say(io, `  node ${id}  ${address}  ${running ? 'running' : 'stopped'}`);
  }
}

/** What a person is told when the nodes have started. */
export function introduceNodes(broker: Broker, io: CliIo): void {
  say(io, `kafkit: ${broker.nodes.length} nodes, one process and one disk:`);
  sayNodes(broker, io);
  say(io, `  ${help}`);
}
