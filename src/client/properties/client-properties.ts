import { KafkaError } from '../../errors/index.js';
import type { TlsSettings } from '../../system/index.js';
import {
  type ConsumerOptions,
  isShareConsumerOption,
  type ShareConsumerOptions,
} from '../consumer/index.js';
import type { KafkaOptions } from '../kafka-options.js';
import { nearestName } from '../known-options.js';
import type { ProducerOptions } from '../producer/index.js';
import { parseProperties } from './parse-properties.js';
import {
  properties,
  type PropertyOwner,
  securityProperties,
  withoutEffect,
} from './property-table.js';
import { flag, wrong } from './property-values.js';

/** What a `client.properties` says, as options of this client. */
export interface ClientProperties {
  readonly kafka: KafkaOptions;
  readonly producer: ProducerOptions;
  readonly consumer: ConsumerOptions;
  readonly shareConsumer: Partial<ShareConsumerOptions>;
  /** Properties that are known elsewhere and have no effect here. */
  readonly ignored: readonly string[];
}

/** Reads a file; what it fails with is passed on. */
export type ReadText = (path: string) => string;

/**
 * Turns properties, in Java's or librdkafka's spelling, into options; the environment comes
 * before them. Fails with INVALID_ARGUMENT
 * for a name that neither knows (with the nearest one as a suggestion), for a value without
 * sense, and for two names of one option with different values.
 */
export function clientProperties(
  source: string | Readonly<Record<string, string | number | boolean>>,
  readText: ReadText,
  environment: (name: string) => string | undefined = () => undefined,
): ClientProperties {
  const given =
    typeof source === 'string'
      ? parseProperties(source)
      : new Map(Object.entries(source).map(([name, value]) => [name, String(value)]));
  override(given, environment);
  const options: Record<PropertyOwner, Record<string, unknown>> = {
    kafka: {},
    producer: {},
    consumer: {},
    shareConsumer: {},
  };
  const from = new Map<string, string>();
  const ignored: string[] = [];
  for (const [name, value] of given) {
    const row = properties.get(name);
    if (row === undefined) {
      checkKnown(name);
      if (withoutEffect.includes(name)) ignored.push(name);
      continue;
    }
    const { owner, option } = row;
    const read = row.read(value, name);
    const place = `${owner}.${option}`;
    const earlier = from.get(place);
    if (earlier !== undefined && options[owner][option] !== read) {
      const message = `${earlier} and ${name} are two names of one option, with two values.`;
      throw new KafkaError('INVALID_ARGUMENT', message);
    }
    from.set(place, name);
    if (read !== undefined) options[owner][option] = read;
  }
  const tls = tlsOf(given, readText);
  if (tls !== undefined) options.kafka.tls = tls;
  for (const [name, value] of Object.entries(options.consumer)) {
    if (isShareConsumerOption(name)) options.shareConsumer[name] = value;
  }
  return { ...options, ignored } as ClientProperties;
}

/** The environment variable that overrides a property: `KAFKIT_BOOTSTRAP_SERVERS`. */
export function environmentName(property: string): string {
  return `KAFKIT_${property.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** What the environment says takes the place of what the properties say, under any spelling. */
function override(
  given: Map<string, string>,
  environment: (name: string) => string | undefined,
): void {
  for (const [name, row] of properties) {
    const value = environment(environmentName(name));
    if (value === undefined || value === '') continue;
    for (const [other, { owner, option }] of properties) {
      if (owner === row.owner && option === row.option) given.delete(other);
    }
    given.set(name, value);
  }
  for (const name of securityProperties) {
    const value = environment(environmentName(name));
    if (value !== undefined) given.set(name, value);
  }
}

/** Whether a text is properties and not the path of a file with them. */
export function isPropertiesText(text: string): boolean {
  return text.includes('\n') || text.includes('=') || text.trim() === '';
}

function checkKnown(name: string): void {
  if (withoutEffect.includes(name) || securityProperties.includes(name)) return;
  if (name.startsWith('sasl.') || name.startsWith('ssl.')) {
    throw new KafkaError('INVALID_ARGUMENT', `${name} has no counterpart here.`, {
      hint: `Of TLS there are ${securityProperties.join(', ')}.`,
    });
  }
  const known = [...properties.keys(), ...securityProperties, ...withoutEffect];
  const suggestion = nearestName(name, known);
  throw new KafkaError('INVALID_ARGUMENT', `There is no client property '${name}'.`, {
    hint:
      suggestion === undefined
        ? 'Neither Kafka nor librdkafka has it.'
        : `Is '${suggestion}' meant?`,
  });
}

/** TLS from PEM, in files or in the properties themselves. */
function tlsOf(
  given: ReadonlyMap<string, string>,
  readText: ReadText,
): TlsSettings | boolean | undefined {
  const protocol = given.get('security.protocol')?.trim().toUpperCase() ?? 'PLAINTEXT';
  if (protocol === 'PLAINTEXT') return undefined;
  if (protocol !== 'SSL') throw wrong('security.protocol', protocol, 'PLAINTEXT or SSL');
  for (const store of ['truststore', 'keystore']) {
    const type = given.get(`ssl.${store}.type`)?.toUpperCase();
    const isFile = given.has(`ssl.${store}.location`);
    if (type !== 'PEM' && (isFile || type !== undefined)) {
      throw wrong(`ssl.${store}.type`, type ?? 'JKS', 'PEM');
    }
  }
  const read = (inline: readonly string[], files: readonly string[]): string | undefined => {
    for (const name of inline) if (given.has(name)) return given.get(name);
    for (const name of files) {
      const path = given.get(name);
      if (path !== undefined) return readText(path);
    }
    return undefined;
  };
  const ca = read(
    ['ssl.truststore.certificates', 'ssl.ca.pem'],
    ['ssl.truststore.location', 'ssl.ca.location'],
  );
  const cert = read(
    ['ssl.keystore.certificate.chain', 'ssl.certificate.pem'],
    ['ssl.keystore.location', 'ssl.certificate.location'],
  );
  const key = read(
    ['ssl.keystore.key', 'ssl.key.pem'],
    ['ssl.keystore.location', 'ssl.key.location'],
  );
  const passphrase = given.get('ssl.key.password');
  const verify = given.get('enable.ssl.certificate.verification');
  const rejectUnauthorized =
    verify === undefined
      ? undefined
      : (flag(verify, 'enable.ssl.certificate.verification') as boolean);
  const settings = { ca, cert, key, passphrase, rejectUnauthorized };
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return set.length === 0 ? true : (Object.fromEntries(set) as TlsSettings);
}
