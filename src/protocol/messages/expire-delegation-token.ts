/**
 * ExpireDelegationToken: ends a delegation token, or sets when it ends.
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

export const expireDelegationTokenRequest = message(
  'ExpireDelegationTokenRequest',
  apis.ExpireDelegationToken,
  {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
);

export const expireDelegationTokenResponse = message(
  'ExpireDelegationTokenResponse',
  apis.ExpireDelegationToken,
  {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
);

export interface ExpireDelegationTokenRequest extends Input<typeof expireDelegationTokenRequest> {}
export interface ExpireDelegationTokenRequestDecoded
  extends Decoded<typeof expireDelegationTokenRequest> {}
export interface ExpireDelegationTokenResponse
  extends Input<typeof expireDelegationTokenResponse> {}
export interface ExpireDelegationTokenResponseDecoded
  extends Decoded<typeof expireDelegationTokenResponse> {}

export interface ExpireDelegationTokenMessages {
  request: ExpireDelegationTokenRequest;
  requestDecoded: ExpireDelegationTokenRequestDecoded;
  response: ExpireDelegationTokenResponse;
  responseDecoded: ExpireDelegationTokenResponseDecoded;
}
