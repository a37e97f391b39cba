/**
 * CreateDelegationToken: makes a delegation token.
 *
 * Versions:
 * - 2: flexible.
 * - 3: adds ownerPrincipalType, ownerPrincipalName; the response adds tokenRequesterPrincipalType,
 *   tokenRequesterPrincipalName; tokens for others (KIP-373).
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const createDelegationTokenRequest = message(
  'CreateDelegationTokenRequest',
  apis.CreateDelegationToken,
  {
    ownerPrincipalType: string.nullable().since(3),
    ownerPrincipalName: string.nullable().since(3),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  },
);

export const createDelegationTokenResponse = message(
  'CreateDelegationTokenResponse',
  apis.CreateDelegationToken,
  {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  },
);

export interface CreateDelegationTokenRequest extends Input<typeof createDelegationTokenRequest> {}
export interface CreateDelegationTokenRequestDecoded
  extends Decoded<typeof createDelegationTokenRequest> {}
export interface CreateDelegationTokenResponse
  extends Input<typeof createDelegationTokenResponse> {}
export interface CreateDelegationTokenResponseDecoded
  extends Decoded<typeof createDelegationTokenResponse> {}

export interface CreateDelegationTokenMessages {
  request: CreateDelegationTokenRequest;
  requestDecoded: CreateDelegationTokenRequestDecoded;
  response: CreateDelegationTokenResponse;
  responseDecoded: CreateDelegationTokenResponseDecoded;
}
