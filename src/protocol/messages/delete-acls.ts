/**
 * DeleteAcls: removes the access control entries that match filters.
 *
 * Versions:
 * - 2: flexible.
 * - 3: resource type user.
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

export const deleteAclsRequest = message('DeleteAclsRequest', apis.DeleteAcls, {
  filters: array({
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.default(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  }),
});

export const deleteAclsResponse = message('DeleteAclsResponse', apis.DeleteAcls, {
  throttleTimeMs: int32.default(0),
  filterResults: array({
    errorCode: int16,
    errorMessage: string.nullable(),
    matchingAcls: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
      patternType: int8.default(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  }),
});

export interface DeleteAclsRequest extends Input<typeof deleteAclsRequest> {}
export interface DeleteAclsRequestDecoded extends Decoded<typeof deleteAclsRequest> {}
export interface DeleteAclsResponse extends Input<typeof deleteAclsResponse> {}
export interface DeleteAclsResponseDecoded extends Decoded<typeof deleteAclsResponse> {}

export interface DeleteAclsMessages {
  request: DeleteAclsRequest;
  requestDecoded: DeleteAclsRequestDecoded;
  response: DeleteAclsResponse;
  responseDecoded: DeleteAclsResponseDecoded;
}
