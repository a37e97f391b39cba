/**
 * AddRaftVoter: takes a controller into the metadata quorum (KIP-853).
 *
 * Versions:
 * - 1: adds ackWhenCommitted.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  message,
  string,
  uint16,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const addRaftVoterRequest = message('AddRaftVoterRequest', apis.AddRaftVoter, {
  clusterId: string.nullable(),
  timeoutMs: int32,
  voterId: int32,
  voterDirectoryId: uuid,
  listeners: array({
    name: string,
    host: string,
    port: uint16,
  }),
  ackWhenCommitted: boolean.since(1).default(true),
});

export const addRaftVoterResponse = message('AddRaftVoterResponse', apis.AddRaftVoter, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable(),
});

export interface AddRaftVoterRequest extends Input<typeof addRaftVoterRequest> {}
export interface AddRaftVoterRequestDecoded extends Decoded<typeof addRaftVoterRequest> {}
export interface AddRaftVoterResponse extends Input<typeof addRaftVoterResponse> {}
export interface AddRaftVoterResponseDecoded extends Decoded<typeof addRaftVoterResponse> {}

export interface AddRaftVoterMessages {
  request: AddRaftVoterRequest;
  requestDecoded: AddRaftVoterRequestDecoded;
  response: AddRaftVoterResponse;
  responseDecoded: AddRaftVoterResponseDecoded;
}
