/**
 * ListGroups: the groups that a broker coordinates.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: flexible.
 * - 4: adds statesFilter; the response adds groupState; KIP-518.
 * - 5: adds typesFilter; the response adds groupType; KIP-848.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const listGroupsRequest = message('ListGroupsRequest', apis.ListGroups, {
  statesFilter: array(string).since(4),
  typesFilter: array(string).since(5),
});

export const listGroupsResponse = message('ListGroupsResponse', apis.ListGroups, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16,
  groups: array({
    groupId: string,
    protocolType: string,
    groupState: string.since(4).ignorable(),
    groupType: string.since(5).ignorable(),
  }),
});

export interface ListGroupsRequest extends Input<typeof listGroupsRequest> {}
export interface ListGroupsRequestDecoded extends Decoded<typeof listGroupsRequest> {}
export interface ListGroupsResponse extends Input<typeof listGroupsResponse> {}
export interface ListGroupsResponseDecoded extends Decoded<typeof listGroupsResponse> {}

export interface ListGroupsMessages {
  request: ListGroupsRequest;
  requestDecoded: ListGroupsRequestDecoded;
  response: ListGroupsResponse;
  responseDecoded: ListGroupsResponseDecoded;
}
