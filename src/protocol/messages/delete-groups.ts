/**
 * DeleteGroups: deletes empty groups with their offsets.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: flexible.
 * - 3: the response adds errorMessage.
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

export const deleteGroupsRequest = message('DeleteGroupsRequest', apis.DeleteGroups, {
  groupsNames: array(string),
});

export const deleteGroupsResponse = message('DeleteGroupsResponse', apis.DeleteGroups, {
  throttleTimeMs: int32.default(0),
  results: array({
    groupId: string,
    errorCode: int16,
    errorMessage: string.nullable().since(3).default(null).ignorable(),
  }),
});

export interface DeleteGroupsRequest extends Input<typeof deleteGroupsRequest> {}
export interface DeleteGroupsRequestDecoded extends Decoded<typeof deleteGroupsRequest> {}
export interface DeleteGroupsResponse extends Input<typeof deleteGroupsResponse> {}
export interface DeleteGroupsResponseDecoded extends Decoded<typeof deleteGroupsResponse> {}

export interface DeleteGroupsMessages {
  request: DeleteGroupsRequest;
  requestDecoded: DeleteGroupsRequestDecoded;
  response: DeleteGroupsResponse;
  responseDecoded: DeleteGroupsResponseDecoded;
}
