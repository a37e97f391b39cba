import { isKafkaError, KafkaError } from '../errors/index.js';
import type { ApiName } from '../protocol/index.js';
import type { PendingRequest } from './pending-request.js';

/** The error of a request that was not answered in time; says what stood in its way. */
export function timedOut(
  pending: PendingRequest,
  now: number,
  about: { readonly broker: string; readonly requestsBefore: number; readonly isHeld: boolean },
): KafkaError {
  const { broker, requestsBefore, isHeld } = about;
  const waited = Math.round(now - pending.sentAt);
  const before =
    requestsBefore > 0 ? ` It was behind ${requestsBefore} other requests on this connection.` : '';
  const held = isHeld ? ' It was held back by a throttle of the broker.' : '';
  return new KafkaError(
    'REQUEST_TIMEOUT',
    `${broker} did not answer ${pending.api} within ${waited} ms.${before}${held}`,
    {
      broker,
      api: pending.api,
      hint: 'Is the broker overloaded or cut off? requestTimeoutMs says how long to wait.',
    },
  );
}

/** The error of a request whose connection ended first. */
export function closedDuring(
  api: ApiName,
  broker: string,
  reason: KafkaError | undefined,
): KafkaError {
  const why = reason === undefined ? 'This side closed it.' : reason.message;
  return new KafkaError(
    'CONNECTION_CLOSED',
    `The connection to ${broker} ended before ${api} was answered: ${why}`,
    { broker, api, cause: reason },
  );
}

/** Why a connection is over. */
export function ended(why: string, broker: string, cause?: Error): KafkaError {
  return new KafkaError('CONNECTION_CLOSED', why, { broker, cause });
}

/** What went wrong on the first exchange says more than that it went wrong. */
export function explained(error: unknown, broker: string, isTls: boolean): unknown {
  if (!isKafkaError(error)) return error;
  const root = isKafkaError(error.cause) ? error.cause : error;
  if (root.code === 'FRAME_TOO_LARGE' || root.code === 'MALFORMED_MESSAGE') {
    return new KafkaError(
      'CONNECTION_CLOSED',
      `What listens at ${broker} does not speak Kafka's protocol.`,
      {
        broker,
        cause: error,
        hint: 'Is the port right, and does it expect TLS?',
        retriable: false,
      },
    );
  }
  if (error.code !== 'CONNECTION_CLOSED') return error;
  return new KafkaError(
    'CONNECTION_CLOSED',
    `${broker} accepted the connection and closed it during the first request.`,
    {
      broker,
      cause: error,
      hint: isTls
        ? 'The broker may be starting, or expect authentication.'
        : 'The broker may be starting, or expect TLS or authentication on this port.',
    },
  );
}

export function asBroken(error: unknown, broker: string): KafkaError {
  if (isKafkaError(error)) return error;
  return new KafkaError('MALFORMED_MESSAGE', `What ${broker} sent cannot be read.`, {
    broker,
    cause: error,
  });
}

export function undecodable(error: unknown, pending: PendingRequest, broker: string): KafkaError {
  return new KafkaError(
    'MALFORMED_MESSAGE',
    `The answer of ${broker} to ${pending.api} ${pending.version} cannot be read.`,
    { broker, api: pending.api, cause: error },
  );
}

export function abortedError(signal: AbortSignal): KafkaError {
  if (isKafkaError(signal.reason)) return signal.reason;
  return new KafkaError('ABORTED', 'The caller gave up.', { cause: signal.reason as unknown });
}
