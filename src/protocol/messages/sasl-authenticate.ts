/**
 * SaslAuthenticate: carries the tokens of a SASL exchange.
 *
 * Versions:
 * - 1: the response adds sessionLifetimeMs; KIP-368.
 * - 2: flexible.
 */
import {
  type Decoded,
  type Input,
  bytes,
  int16,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const saslAuthenticateRequest = message('SaslAuthenticateRequest', apis.SaslAuthenticate, {
  authBytes: bytes,
});

export const saslAuthenticateResponse = message('SaslAuthenticateResponse', apis.SaslAuthenticate, {
  errorCode: int16,
  errorMessage: string.nullable(),
  authBytes: bytes,
  sessionLifetimeMs: int64.since(1).default(0).ignorable(),
});

export interface SaslAuthenticateRequest extends Input<typeof saslAuthenticateRequest> {}
export interface SaslAuthenticateRequestDecoded extends Decoded<typeof saslAuthenticateRequest> {}
export interface SaslAuthenticateResponse extends Input<typeof saslAuthenticateResponse> {}
export interface SaslAuthenticateResponseDecoded extends Decoded<typeof saslAuthenticateResponse> {}

export interface SaslAuthenticateMessages {
  request: SaslAuthenticateRequest;
  requestDecoded: SaslAuthenticateRequestDecoded;
  response: SaslAuthenticateResponse;
  responseDecoded: SaslAuthenticateResponseDecoded;
}
