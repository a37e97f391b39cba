import { Broker } from '../broker/index.js';
import { isKafkaError } from '../errors/index.js';
import { lineLogger } from '../system/index.js';
import { CommandFailure, UsageError } from './command.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { parseProperties } from './properties.js';
import {
  parseTopicToCreate,
  type ServerSettings,
  serverSettings,
  splitAddress,
} from './server-properties.js';

const compatVersions = ['4.0', '4.2', '4.3', '4.4'] as const;

/** `kafkit up`: runs a broker until it is told to stop. */
export async function up(input: Input, io: CliIo): Promise<number> {
  input.noOperands();
  const file = input.text('config');
  const properties = file === undefined ? new Map<string, string>() : readProperties(file, io);
  for (const [name, value] of input.pairs('option')) properties.set(name, value);
  const settings = serverSettings(properties);
  return runBroker(settings, input, io);
}

/** Reads a properties file, or says why not. */
export function readProperties(path: string, io: CliIo): Map<string, string> {
  if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
  return parseProperties(io.system.disk.readFile(path).toString('utf8'));
}

/** Starts the broker that settings and flags describe (flags win) and waits for the end. */
export async function runBroker(
  settings: ServerSettings,
  input: Input,
  io: CliIo,
): Promise<number> {
  const memory = input.has('memory');
  if (memory && input.has('data')) throw new UsageError('--memory and --data exclude each other.');
  const listen = address(input.text('listen') ?? settings.listen, '--listen');
  const data = input.text('data') ?? settings.data ?? './kafkit-data';
  const creating = input.list('create').map(parseTopicToCreate);
  for (const note of settings.notes) say(io, `kafkit: ${note}`);
  const broker = await startOrExplain(listen ?? '127.0.0.1:9092', data, () =>
    Broker.start({
      listen,
      advertise: address(input.text('advertise') ?? settings.advertise, '--advertise'),
      data: memory ? undefined : data,
      memory,
      config: settings.config,
      compat: input.choice('compat', compatVersions),
      createTopics: creating,
      logger: lineLogger(
        input.has('debug') ? 'debug' : 'warn',
        (line) => void io.stderr.write(line),
      ),
    }),
  );
  // The one line on stdout: scripts wait for it, and take the address from it.
  await io.stdout.write(`ready ${broker.address}\n`);
  if (!input.has('quiet')) greet(io, broker.address, memory ? undefined : data);
  await untilInterrupted(io);
  if (!input.has('quiet')) say(io, `kafkit: stopping (${String(io.interrupted.reason)}) …`);
  await broker.close();
  if (!input.has('quiet')) say(io, 'kafkit: stopped, everything is on disk.');
  return 0;
}

function greet(io: CliIo, at: string, data: string | undefined): void {
  const kept = data === undefined ? 'in memory, gone at the end' : `kept in ${data}`;
  say(io, `kafkit: a Kafka broker is listening on ${at}; records are ${kept}.`);
  say(io, '  Talk to it from another terminal, or with any Kafka client:');
  say(io, `    npx kafkit topics create greetings -p 2 -b ${at}`);
  say(io, `    echo hello | npx kafkit produce greetings -b ${at}`);
  say(io, `    npx kafkit consume greetings --from-beginning -b ${at}`);
  say(io, '  Ctrl-C stops it.');
}

/** Resolves with the first signal. A closed stdout is none: a broker has nothing more to print. */
function untilInterrupted(io: CliIo): Promise<void> {
  return new Promise((resolve) => {
    if (io.interrupted.aborted) resolve();
    else io.interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A missing port means 9092. */
function address(text: string | undefined, flag: string): string | undefined {
  if (text === undefined) return undefined;
  const [host, port] = splitAddress(text);
  if (port === '') return `${host}:9092`;
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`${flag} wants HOST:PORT, not "${text}".`);
  }
  return text;
}

async function startOrExplain<T>(
  listen: string,
  data: string,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (isKafkaError(error, 'ADDRESS_IN_USE')) {
      const hint = 'Stop what listens there, or choose another one with --listen HOST:PORT.';
      throw new CommandFailure(`${listen} is in use.`, hint);
    }
    if (isKafkaError(error, 'DATA_DIRECTORY_LOCKED')) {
      const hint = 'Stop that one, or choose another directory with --data DIR.';
      throw new CommandFailure(`Another broker is running on ${data}.`, hint);
    }
    throw error;
  }
}
