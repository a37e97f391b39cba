import { UsageError } from './command.js';

/** What a `server.properties` file says, sorted by who needs it. */
export interface ServerSettings {
  readonly listen?: string | undefined;
  readonly advertise?: string | undefined;
  readonly data?: string | undefined;
  /** Everything else, for the broker's own table to accept or to ignore. */
  readonly config: Readonly<Record<string, string>>;
  /** Sentences about what was understood in part. */
  readonly notes: readonly string[];
}

const places = new Set(['listeners', 'advertised.listeners', 'log.dirs', 'log.dir', 'port']);

/** Takes the addresses and the directory out of the properties; leaves the rest to the broker. */
export function serverSettings(properties: ReadonlyMap<string, string>): ServerSettings {
  const notes: string[] = [];
  const listeners = properties.get('listeners');
  const port = properties.get('port');
  const directories = (properties.get('log.dirs') ?? properties.get('log.dir') ?? '').split(',');
  if (directories.length > 1) notes.push(`log.dirs: only ${directories[0]} is used.`);
  const advertised = properties.get('advertised.listeners');
  const config: Record<string, string> = {};
  for (const [name, value] of properties) if (!places.has(name)) config[name] = value;
  const own = listeners === undefined ? undefined : plainListener(listeners, 'listeners', notes);
  return {
    listen: own ?? (port === undefined ? undefined : `127.0.0.1:${port}`),
    advertise:
      advertised === undefined
        ? undefined
        : plainListener(advertised, 'advertised.listeners', notes),
    data: directories[0]?.trim() || undefined,
    config,
    notes,
  };
}

/** The one plain-text listener of a list such as `PLAINTEXT://:9092,CONTROLLER://:9093`. */
function plainListener(list: string, name: string, notes: string[]): string {
  const listeners = list.split(',').map((each) => each.trim());
  const others = listeners.filter((each) => !each.startsWith('PLAINTEXT://'));
  const [plain, second] = listeners.filter((each) => each.startsWith('PLAINTEXT://'));
  if (plain === undefined) {
    throw new UsageError(`${name} has no PLAINTEXT:// address.`, `It says ${list}.`);
  }
  if (second !== undefined) others.push(second);
  const unused = others.filter((each) => !each.startsWith('CONTROLLER://'));
  if (unused.length > 0) notes.push(`${name}: ${unused.join(', ')} is not served.`);
  const [host = '', port = ''] = splitAddress(plain.slice('PLAINTEXT://'.length));
  // An empty host means every interface, as in Kafka.
  return `${host === '' ? '0.0.0.0' : host}:${port}`;
}

/** Host and port of `host:port`, `[::1]:port` or `:port`. */
export function splitAddress(address: string): [host: string, port: string] {
  const at = address.lastIndexOf(':');
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}

export interface TopicToCreate {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Reads `orders`, `orders:3` or `orders:3:retention.ms=1000,cleanup.policy=compact`. */
export function parseTopicToCreate(text: string): TopicToCreate {
  const [name = '', partitions = '1', ...rest] = text.split(':');
  const number = Number(partitions);
  if (name === '' || !Number.isInteger(number) || number < 1) {
    throw new UsageError(`--create wants TOPIC:PARTITIONS, not "${text}".`);
  }
  const configs: Record<string, string> = {};
  // A comma parts two settings only where a new `key=` follows: cleanup.policy takes a list.
  for (const pair of rest.join(':').split(/,(?=[\w.]+=)/)) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--create wants KEY=VALUE behind the partitions: "${pair}".`);
    configs[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return { name, partitions: number, configs };
}
