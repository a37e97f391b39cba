/**
 * AlterUserScramCredentials: sets and deletes SCRAM credentials (KIP-554).
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int8,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const alterUserScramCredentialsRequest = message(
  'AlterUserScramCredentialsRequest',
  apis.AlterUserScramCredentials,
  {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
);

export const alterUserScramCredentialsResponse = message(
  'AlterUserScramCredentialsResponse',
  apis.AlterUserScramCredentials,
  {
    throttleTimeMs: int32.default(0),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.nullable(),
    }),
  },
);

export interface AlterUserScramCredentialsRequest
  extends Input<typeof alterUserScramCredentialsRequest> {}
export interface AlterUserScramCredentialsRequestDecoded
  extends Decoded<typeof alterUserScramCredentialsRequest> {}
export interface AlterUserScramCredentialsResponse
  extends Input<typeof alterUserScramCredentialsResponse> {}
export interface AlterUserScramCredentialsResponseDecoded
  extends Decoded<typeof alterUserScramCredentialsResponse> {}

export interface AlterUserScramCredentialsMessages {
  request: AlterUserScramCredentialsRequest;
  requestDecoded: AlterUserScramCredentialsRequestDecoded;
  response: AlterUserScramCredentialsResponse;
  responseDecoded: AlterUserScramCredentialsResponseDecoded;
}
