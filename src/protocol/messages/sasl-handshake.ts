/**
 * SaslHandshake: client and broker agree on a SASL mechanism. Never became flexible.
 *
 * Versions:
 * - 1: tokens travel in SaslAuthenticate; after version 0 they travel bare (KIP-152).
 */
import { type Decoded, type Input, array, int16, message, string } from '../../schema/index.js';
import { apis } from '../apis.js';

export const saslHandshakeRequest = message('SaslHandshakeRequest', apis.SaslHandshake, {
  mechanism: string,
});

export const saslHandshakeResponse = message('SaslHandshakeResponse', apis.SaslHandshake, {
  errorCode: int16,
  mechanisms: array(string),
});

export interface SaslHandshakeRequest extends Input<typeof saslHandshakeRequest> {}
export interface SaslHandshakeRequestDecoded extends Decoded<typeof saslHandshakeRequest> {}
export interface SaslHandshakeResponse extends Input<typeof saslHandshakeResponse> {}
export interface SaslHandshakeResponseDecoded extends Decoded<typeof saslHandshakeResponse> {}

export interface SaslHandshakeMessages {
  request: SaslHandshakeRequest;
  requestDecoded: SaslHandshakeRequestDecoded;
  response: SaslHandshakeResponse;
  responseDecoded: SaslHandshakeResponseDecoded;
}
