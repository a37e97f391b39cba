/**
 * DescribeAcls: the access control entries that match a filter.
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

export const describeAclsRequest = message('DescribeAclsRequest', apis.DescribeAcls, {
  resourceTypeFilter: int8,
  resourceNameFilter: string.nullable(),
  patternTypeFilter: int8.default(3),
  principalFilter: string.nullable(),
  hostFilter: string.nullable(),
  operation: int8,
  permissionType: int8,
});

export const describeAclsResponse = message('DescribeAclsResponse', apis.DescribeAcls, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable(),
  resources: array({
    resourceType: int8,
    resourceName: string,
    patternType: int8.default(3),
    acls: array({
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  }),
});

export interface DescribeAclsRequest extends Input<typeof describeAclsRequest> {}
export interface DescribeAclsRequestDecoded extends Decoded<typeof describeAclsRequest> {}
export interface DescribeAclsResponse extends Input<typeof describeAclsResponse> {}
export interface DescribeAclsResponseDecoded extends Decoded<typeof describeAclsResponse> {}

export interface DescribeAclsMessages {
  request: DescribeAclsRequest;
  requestDecoded: DescribeAclsRequestDecoded;
  response: DescribeAclsResponse;
  responseDecoded: DescribeAclsResponseDecoded;
}
