import { Broker, type BrokerOptions } from '../broker/index.js';
import { isKafkaError } from '../errors/index.js';
import { lineLogger } from '../system/index.js';
import { serveBackupRequests } from './backup-requests.js';
import { CommandFailure, UsageError } from './command.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { followOrders, introduceNodes } from './node-orders.js';
import { parseProperties } from './properties.js';
import { parseTopicToCreate } from './topic-to-create.js';

const compatVersions = ['4.0', '4.2', '4.3', '4.4'] as const;

/** `kafkit up`: runs a broker until it is told to stop. */
export async function up(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const file = input.text('config');
  const properties = file === undefined ? new Map<string, string>() : readProperties(file, io);
  for (const [name, value] of input.pairs('option')) properties.set(name, value);
  return runBroker(properties, input, io);
}

/** Reads a properties file, or says why not. */
export function readProperties(path: string, io: CliIo): Map<string, string> {
  if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  return parseProperties(io.system.disk.readFile(path).toString('utf8'));
}

/** Starts the broker that properties and flags describe (flags win) and waits for the end. */
export async function runBroker(
  properties: ReadonlyMap<string, string>,
  input: Input,
  io: CliIo,
): Promise<number> {
  const memory = input.has('memory');
  if (memory && input.has('data')) throw new UsageError('--memory and --data exclude each other.');
  const durability = input.choice('durability', ['group-commit', 'interval', 'os']);
  if (memory && durability !== undefined) {
    throw new UsageError('--memory and --durability exclude each other: nothing is on disk.');
  }
  const broker = await startOrExplain({
    listen: input.text('listen'),
    advertise: input.text('advertise'),
    brokers: input.number('brokers', 1),
    data: memory ? 'memory' : input.text('data'),
    durability,
    config: Object.fromEntries(properties),
    compat: input.choice('compat', compatVersions),
    createTopics: Object.fromEntries(input.list('create').map(parseTopicToCreate)),
    logger: lineLogger(input.has('debug') ? 'debug' : 'warn', (line) => void io.stderr.write(line)),
    system: io.system,
  });
  // The one line on stdout: scripts wait for it, and take the address from it.
  await io.stdout.write(`ready ${broker.address}\n`);
  const quiet = input.has('quiet');
  if (!quiet) greet(io, broker.address, memory ? undefined : broker.dataDirectory);
  const stopServing = memory ? undefined : serveBackupRequests(broker, io.system);
  if (broker.nodes.length > 1) {
    if (!quiet) introduceNodes(broker, io);
    await followOrders(broker, io);
  }
  await untilInterrupted(io);
  stopServing?.();
  if (!quiet) say(io, `kafkit: stopping (${String(io.interrupted.reason)}) …`);
  await broker.close();
  if (!quiet) say(io, `kafkit: stopped${memory ? '' : '; everything is on disk'}.`);
  return 0;
}

function greet(io: CliIo, address: string, data: string | undefined): void {
  const kept = data === undefined ? 'in memory, gone at the end' : `kept in ${data}`;
  // One node is enough to find the others; what the tools take without being told needs no flag.
  const [first = address] = address.split(',');
  const flag = /^(127\.0\.0\.1|localhost):9092$/.test(first) ? '' : ` -b ${first}`;
  say(io, `kafkit: a Kafka broker is listening on ${address}; records are ${kept}.`);
  say(io, '  Talk to it from another terminal, or with any Kafka client:');
  say(io, `    npx kafkit topics create greetings${flag}`);
  say(io, `    echo hello | npx kafkit produce greetings${flag}`);
  say(io, `    npx kafkit consume greetings --from-beginning${flag}`);
  say(io, '  Ctrl-C stops it.');
}

/** Resolves with the first signal. */
function untilInterrupted(io: CliIo): Promise<void> {
  return new Promise((resolve) => {
    if (io.interrupted.aborted) resolve();
    else io.interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function startOrExplain(options: BrokerOptions): Promise<Broker> {
  try {
    return await Broker.start(options);
  } catch (error) {
    if (isKafkaError(error, 'ADDRESS_IN_USE')) {
      const hint = 'Stop what listens there, or choose another address with --listen HOST:PORT.';
      throw new CommandFailure(error.message, hint);
    }
    if (isKafkaError(error, 'DATA_DIRECTORY_LOCKED')) {
      const hint = 'Stop that one, or choose another directory with --data DIR.';
      throw new CommandFailure(error.message, hint);
    }
    throw error;
  }
}
