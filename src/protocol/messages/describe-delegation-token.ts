/**
 * DescribeDelegationToken: the delegation tokens of owners.
 *
 * Versions:
 * - 2: flexible.
 * - 3: the response adds tokenRequesterPrincipalType, tokenRequesterPrincipalName; KIP-373.
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

export const describeDelegationTokenRequest = message(
  'DescribeDelegationTokenRequest',
  apis.DescribeDelegationToken,
  {
    owners: array({
      principalType: string,
      principalName: string,
    }).nullable(),
  },
);

export const describeDelegationTokenResponse = message(
  'DescribeDelegationTokenResponse',
  apis.DescribeDelegationToken,
  {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.since(3),
      tokenRequesterPrincipalName: string.since(3),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: array({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: int32.default(0),
  },
);

export interface DescribeDelegationTokenRequest
  extends Input<typeof describeDelegationTokenRequest> {}
export interface DescribeDelegationTokenRequestDecoded
  extends Decoded<typeof describeDelegationTokenRequest> {}
export interface DescribeDelegationTokenResponse
  extends Input<typeof describeDelegationTokenResponse> {}
export interface DescribeDelegationTokenResponseDecoded
  extends Decoded<typeof describeDelegationTokenResponse> {}

export interface DescribeDelegationTokenMessages {
  request: DescribeDelegationTokenRequest;
  requestDecoded: DescribeDelegationTokenRequestDecoded;
  response: DescribeDelegationTokenResponse;
  responseDecoded: DescribeDelegationTokenResponseDecoded;
}
