/**
 * ElectLeaders: starts preferred or unclean leader elections.
 *
 * Versions:
 * - 1: adds electionType; the response adds errorCode; unclean elections too (KIP-460).
 * - 2: flexible.
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

export const electLeadersRequest = message('ElectLeadersRequest', apis.ElectLeaders, {
  electionType: int8.since(1),
  topicPartitions: array({
    topic: string,
    partitions: array(int32),
  }).nullable(),
  timeoutMs: int32.default(60000),
});

export const electLeadersResponse = message('ElectLeadersResponse', apis.ElectLeaders, {
  throttleTimeMs: int32.default(0),
  errorCode: int16.since(1),
  replicaElectionResults: array({
    topic: string,
    partitionResult: array({
      partitionId: int32,
      errorCode: int16,
      errorMessage: string.nullable(),
    }),
  }),
});

export interface ElectLeadersRequest extends Input<typeof electLeadersRequest> {}
export interface ElectLeadersRequestDecoded extends Decoded<typeof electLeadersRequest> {}
export interface ElectLeadersResponse extends Input<typeof electLeadersResponse> {}
export interface ElectLeadersResponseDecoded extends Decoded<typeof electLeadersResponse> {}

export interface ElectLeadersMessages {
  request: ElectLeadersRequest;
  requestDecoded: ElectLeadersRequestDecoded;
  response: ElectLeadersResponse;
  responseDecoded: ElectLeadersResponseDecoded;
}
