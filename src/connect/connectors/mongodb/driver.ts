import type { MongoClient } from 'mongodb';
import { KafkaError } from '../../../errors/index.js';
import { type MongoSinkOptions, redacted } from './mongodb-options.js';

export type Driver = typeof import('mongodb');

/** The driver, an optional peer. Fails with PACKAGE_MISSING. */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import('mongodb');
  } catch (cause) {
    throw new KafkaError('PACKAGE_MISSING', 'The package mongodb is not installed.', {
      cause,
      hint: 'Install it beside kafkit: npm install mongodb',
    });
  }
}

/** So long a start waits for a server; the driver's own default is half a minute. */
const serverSelectionMs = 5000;

/** A connected client. Fails with what a person can act on. */
export async function connect(driver: Driver, options: MongoSinkOptions): Promise<MongoClient> {
  const { uri = '', clientOptions } = options;
  let client: MongoClient;
  try {
    client = new driver.MongoClient(uri, {
      appName: 'kafkit',
      serverSelectionTimeoutMS: serverSelectionMs,
      ...clientOptions,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KafkaError('INVALID_ARGUMENT', `mongodb: ${redacted(uri)} is no good: ${reason}.`, {
      cause,
    });
  }
  try {
    await client.connect();
    await client.db('admin').command({ ping: 1 });
    return client;
  } catch (cause) {
    await client.close().catch(() => undefined);
    throw unreachable(uri, cause);
  }
}

function unreachable(uri: string, cause: unknown): KafkaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const isRefused = code === 18 || code === 8000 || code === 13;
  return new KafkaError('SINK_FAILED', `MongoDB at ${redacted(uri)}: ${reason}.`, {
    cause,
    retriable: !isRefused,
    hint: isRefused
      ? 'Check user, password and authSource in the uri.'
      : 'Check that the server runs and that the uri names its host and port.',
  });
}

/** What kind of server it is, as far as it says. */
export async function isFerretDb(client: MongoClient): Promise<boolean> {
  try {
    const info = await client.db('admin').command({ buildInfo: 1 });
    return info.ferretdbVersion !== undefined || info.ferretdb !== undefined;
  } catch {
    // Whoever may not ask has an ordinary server.
    return false;
  }
}
