/**
 * RenewDelegationToken: prolongs a delegation token.
 *
 * Versions:
 * - 2: flexible.
 */
import {
  type Decoded,
  type Input,
  bytes,
  int16,
  int32,
  int64,
  message,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const renewDelegationTokenRequest = message(
  'RenewDelegationTokenRequest',
  apis.RenewDelegationToken,
  {
    hmac: bytes,
    renewPeriodMs: int64,
  },
);

export const renewDelegationTokenResponse = message(
  'RenewDelegationTokenResponse',
  apis.RenewDelegationToken,
  {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
);

export interface RenewDelegationTokenRequest extends Input<typeof renewDelegationTokenRequest> {}
export interface RenewDelegationTokenRequestDecoded
  extends Decoded<typeof renewDelegationTokenRequest> {}
export interface RenewDelegationTokenResponse extends Input<typeof renewDelegationTokenResponse> {}
export interface RenewDelegationTokenResponseDecoded
  extends Decoded<typeof renewDelegationTokenResponse> {}

export interface RenewDelegationTokenMessages {
  request: RenewDelegationTokenRequest;
  requestDecoded: RenewDelegationTokenRequestDecoded;
  response: RenewDelegationTokenResponse;
  responseDecoded: RenewDelegationTokenResponseDecoded;
}
