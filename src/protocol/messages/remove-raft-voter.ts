/**
 * RemoveRaftVoter: takes a controller out of the metadata quorum (KIP-853).
 */
import {
  type Decoded,
  type Input,
  int16,
  int32,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const removeRaftVoterRequest = message('RemoveRaftVoterRequest', apis.RemoveRaftVoter, {
  clusterId: string.nullable(),
  voterId: int32,
  voterDirectoryId: uuid,
});

export const removeRaftVoterResponse = message('RemoveRaftVoterResponse', apis.RemoveRaftVoter, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable(),
});

export interface RemoveRaftVoterRequest extends Input<typeof removeRaftVoterRequest> {}
export interface RemoveRaftVoterRequestDecoded extends Decoded<typeof removeRaftVoterRequest> {}
export interface RemoveRaftVoterResponse extends Input<typeof removeRaftVoterResponse> {}
export interface RemoveRaftVoterResponseDecoded extends Decoded<typeof removeRaftVoterResponse> {}

export interface RemoveRaftVoterMessages {
  request: RemoveRaftVoterRequest;
  requestDecoded: RemoveRaftVoterRequestDecoded;
  response: RemoveRaftVoterResponse;
  responseDecoded: RemoveRaftVoterResponseDecoded;
}
