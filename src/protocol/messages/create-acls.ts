/**
 * CreateAcls: adds access control entries.
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

export const createAclsRequest = message('CreateAclsRequest', apis.CreateAcls, {
  creations: array({
    resourceType: int8,
    resourceName: string,
    resourcePatternType: int8.default(3),
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  }),
});

export const createAclsResponse = message('CreateAclsResponse', apis.CreateAcls, {
  throttleTimeMs: int32.default(0),
  results: array({
    errorCode: int16,
    errorMessage: string.nullable(),
  }),
});

export interface CreateAclsRequest extends Input<typeof createAclsRequest> {}
export interface CreateAclsRequestDecoded extends Decoded<typeof createAclsRequest> {}
export interface CreateAclsResponse extends Input<typeof createAclsResponse> {}
export interface CreateAclsResponseDecoded extends Decoded<typeof createAclsResponse> {}

export interface CreateAclsMessages {
  request: CreateAclsRequest;
  requestDecoded: CreateAclsRequestDecoded;
  response: CreateAclsResponse;
  responseDecoded: CreateAclsResponseDecoded;
}
