/**
 * DescribeUserScramCredentials: which SCRAM credentials users have (KIP-554).
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeUserScramCredentialsRequest = message(
  'DescribeUserScramCredentialsRequest',
  apis.DescribeUserScramCredentials,
  {
    users: array({
      name: string,
    }).nullable(),
  },
);

export const describeUserScramCredentialsResponse = message(
  'DescribeUserScramCredentialsResponse',
  apis.DescribeUserScramCredentials,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.nullable(),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
);

export interface DescribeUserScramCredentialsRequest
  extends Input<typeof describeUserScramCredentialsRequest> {}
export interface DescribeUserScramCredentialsRequestDecoded
  extends Decoded<typeof describeUserScramCredentialsRequest> {}
export interface DescribeUserScramCredentialsResponse
  extends Input<typeof describeUserScramCredentialsResponse> {}
export interface DescribeUserScramCredentialsResponseDecoded
  extends Decoded<typeof describeUserScramCredentialsResponse> {}

export interface DescribeUserScramCredentialsMessages {
  request: DescribeUserScramCredentialsRequest;
  requestDecoded: DescribeUserScramCredentialsRequestDecoded;
  response: DescribeUserScramCredentialsResponse;
  responseDecoded: DescribeUserScramCredentialsResponseDecoded;
}
