import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/**
 * SaslHandshake v0–1 on a plaintext listener: refused as Kafka refuses it there, so that a client
 * set up for SASL hears what is wrong instead of losing its connection.
 */
export const saslHandshake: Handler<'SaslHandshake'> = () => ({
  errorCode: errnoOf('ILLEGAL_SASL_STATE'),
  mechanisms: [],
});

/** SaslAuthenticate v0–2 on a plaintext listener. */
export const saslAuthenticate: Handler<'SaslAuthenticate'> = () => ({
  errorCode: errnoOf('ILLEGAL_SASL_STATE'),
  errorMessage: 'This listener wants no authentication.',
  authBytes: Buffer.alloc(0),
});
