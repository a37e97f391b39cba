import { KafkaError } from '../errors/index.js';
import type { ConnectOptions } from './net.js';

type SystemError = Error & { readonly code?: string; readonly errors?: readonly Error[] };

/** Why a connection could not be opened. Several addresses of one name give several reasons. */
export function connectError(cause: Error, options: ConnectOptions): KafkaError {
  const broker = `${options.host}:${options.port}`;
  const code = codeOf(cause);
  if (code === 'ECONNREFUSED') {
    return new KafkaError('CONNECTION_REFUSED', `Nothing accepts connections at ${broker}.`, {
      broker,
      cause,
      hint: 'Is the broker running, and is the port right?',
    });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA') {
    return new KafkaError('CONNECTION_REFUSED', `The host name in ${broker} is not known.`, {
      broker,
      cause,
      hint: 'Check the spelling and the name service.',
    });
  }
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return new KafkaError('CONNECTION_TIMED_OUT', `${broker} cannot be reached (${code}).`, {
      broker,
      cause,
      hint: 'Check the network between the two machines.',
    });
  }
  return new KafkaError(
    'CONNECTION_CLOSED',
    `The connection to ${broker} failed: ${cause.message}.`,
    { broker, cause, hint: options.tls ? tlsHint(code) : undefined },
  );
}

function tlsHint(code: string): string {
  if (code === 'ECONNRESET' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'Does the broker speak TLS on this port?';
  }
  return 'Check the certificates (tls.ca) and the server name.';
}

/** Why an established connection ended. */
export function streamError(cause: Error, peer: string): KafkaError {
  const code = codeOf(cause);
  return new KafkaError('CONNECTION_CLOSED', `The connection to ${peer} broke (${code}).`, {
    cause,
  });
}

export function listenError(cause: Error, host: string, port: number): KafkaError {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const code = codeOf(cause);
  if (code === 'EADDRINUSE') {
    return new KafkaError('ADDRESS_IN_USE', `Another program listens on ${address}.`, {
      cause,
      hint: 'Stop it, or listen on another port (0 picks a free one).',
    });
  }
  const hint = code === 'EACCES' ? 'Ports below 1024 need special rights.' : undefined;
  return new KafkaError('INVALID_ARGUMENT', `Cannot listen on ${address} (${code}).`, {
    cause,
    hint: code === 'EADDRNOTAVAIL' ? 'This machine does not have that address.' : hint,
  });
}

function codeOf(cause: SystemError): string {
  const first = cause.errors?.[0] as SystemError | undefined;
  return first?.code ?? cause.code ?? cause.message;
}
