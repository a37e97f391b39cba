import { KafkaError } from '../errors/index.js';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:9092`, `:9092`, `9092` and Kafka's `PLAINTEXT://host:port`. An empty
 * host is left empty: it means every address of the machine.
 */
export function parseAddress(text: string, defaultPort: number): HostAndPort {
  const plain = text.trim().replace(/^[A-Za-z_]+:\/\//, '');
  const match =
    /^\[(?<v6>[^\]]*)\](?::(?<v6port>\d+))?$/.exec(plain) ??
    /^(?<host>[^:]*):(?<port>\d+)$/.exec(plain) ??
    /^(?<onlyPort>\d+)$/.exec(plain) ??
    /^(?<onlyHost>[^:]+)$/.exec(plain);
  const found = match?.groups;
  const port = Number(found?.v6port ?? found?.port ?? found?.onlyPort ?? defaultPort);
  if (found === undefined || port > 65535) {
    throw new KafkaError('INVALID_ARGUMENT', `'${text}' is not an address.`, {
      hint: 'Write it as host:port, for example 127.0.0.1:9092.',
    });
  }
  const host = found.v6 ?? found.host ?? found.onlyHost ?? '';
  return { host, port };
}

/** Reads a list of addresses, one for each node, separated by commas. */
export function parseAddresses(text: string, defaultPort: number): HostAndPort[] {
  return text.split(',').map((one) => parseAddress(one, defaultPort));
}

/**
 * The address of the node at place `at` of the cluster: its own of the list, or the last one with
 * the port counted on. Port 0 stays 0.
 */
export function nodeAddress(
  addresses: readonly HostAndPort[] | undefined,
  at: number,
): HostAndPort | undefined {
  const own = addresses?.[at];
  const last = addresses?.at(-1);
  if (own !== undefined || addresses === undefined || last === undefined) return own;
  const { host, port } = last;
  return { host, port: port === 0 ? 0 : port + at - addresses.length + 1 };
}

/**
 * The first plaintext address of a `listeners` or `advertised.listeners` value; undefined when
 * there is none.
 */
export function plaintextListener(value: string): string | undefined {
  return value
    .split(',')
    .map((listener) => listener.trim())
    .find((listener) => /^plaintext:\/\//i.test(listener) || !listener.includes('://'));
}

/** Whether a host stands for every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** Writes an address as `parseAddress` reads it. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
