import { Kafka, type KafkaOptions } from '../client/index.js';
import { environmentVariable, lineLogger } from '../system/index.js';
import { CommandFailure } from './command.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { parseProperties } from './properties.js';

/** Client settings of a properties file or of `--command-property`, as far as they mean us. */
const understood = new Map<string, string>([
  ['bootstrap.servers', 'bootstrapServers'],
  ['client.id', 'clientId'],
  ['request.timeout.ms', 'requestTimeoutMs'],
  ['default.api.timeout.ms', 'defaultApiTimeoutMs'],
  ['socket.connection.setup.timeout.ms', 'connectionTimeoutMs'],
  ['metadata.max.age.ms', 'metadataMaxAgeMs'],
  ['connections.max.idle.ms', 'connectionsMaxIdleMs'],
]);
const numbers = /Ms$/;

/** A question to the cluster gives up soon; what runs for long outlives a restart of the broker. */
export type Patience = 'question' | 'stream';

/** Gives `use` a client for the cluster that the flags name, and closes it in the end. */
export async function withKafka<T>(
  input: Input,
  io: CliIo,
  use: (kafka: Kafka) => Promise<T>,
  patience: Patience = 'question',
): Promise<T> {
  const kafka = new Kafka(kafkaOptions(input, io, patience));
  try {
    return await use(kafka);
  } finally {
    await kafka.close();
  }
}

function kafkaOptions(input: Input, io: CliIo, patience: Patience): KafkaOptions {
  const fromFile = settingsOf(input, io);
  const servers = input.text('bootstrap-server');
  const level = input.has('debug') ? 'debug' : patience === 'stream' ? 'warn' : 'error';
  return {
    bootstrapServers: environmentVariable('KAFKA') ?? 'localhost:9092',
    clientId: 'kafkit-cli',
    // A person waits: say that there is no broker in seconds, not in a minute.
    ...(patience === 'question' ? { defaultApiTimeoutMs: 5000 } : {}),
    ...fromFile,
    ...(servers === undefined ? {} : { bootstrapServers: servers }),
    logger: lineLogger(level, (line) => void io.stderr.write(line)),
    system: io.system,
  };
}

function settingsOf(input: Input, io: CliIo): KafkaOptions {
  const properties = new Map<string, string>();
  const path = input.text('command-config');
  if (path !== undefined) {
    if (!io.system.disk.exists(path)) throw new CommandFailure(`There is no file ${path}.`);
    const text = io.system.disk.readFile(path).toString('utf8');
    for (const [name, value] of parseProperties(text)) properties.set(name, value);
  }
  for (const [name, value] of input.pairs('command-property')) properties.set(name, value);
  const protocol = properties.get('security.protocol') ?? 'PLAINTEXT';
  if (protocol !== 'PLAINTEXT') {
    const hint = 'Only security.protocol=PLAINTEXT works so far.';
    throw new CommandFailure(`${path ?? 'The settings'} ask for ${protocol}.`, hint);
  }
  const options: Record<string, string | number> = {};
  const unknown: string[] = [];
  for (const [name, value] of properties) {
    const option = understood.get(name);
    if (option !== undefined) options[option] = numbers.test(option) ? Number(value) : value;
    else if (name !== 'security.protocol') unknown.push(name);
  }
  if (unknown.length > 0) say(io, `kafkit: without effect here: ${unknown.join(', ')}`);
  return options;
}
