/**
 * DescribeGroups: state and members of classic groups.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds includeAuthorizedOperations; the response adds authorizedOperations; KIP-430.
 * - 4: the response adds groupInstanceId; KIP-345.
 * - 5: flexible.
 * - 6: the response adds errorMessage; GROUP_ID_NOT_FOUND instead of a dead group (KIP-1043).
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  bytes,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeGroupsRequest = message('DescribeGroupsRequest', apis.DescribeGroups, {
  groups: array(string),
  includeAuthorizedOperations: boolean.since(3),
});

export const describeGroupsResponse = message('DescribeGroupsResponse', apis.DescribeGroups, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  groups: array({
    errorCode: int16,
    errorMessage: string.nullable().since(6).default(null),
    groupId: string,
    groupState: string,
    protocolType: string,
    protocolData: string,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().since(4).default(null).ignorable(),
      clientId: string,
      clientHost: string,
      memberMetadata: bytes,
      memberAssignment: bytes,
    }),
    authorizedOperations: int32.since(3).default(-2147483648),
  }),
});

export interface DescribeGroupsRequest extends Input<typeof describeGroupsRequest> {}
export interface DescribeGroupsRequestDecoded extends Decoded<typeof describeGroupsRequest> {}
export interface DescribeGroupsResponse extends Input<typeof describeGroupsResponse> {}
export interface DescribeGroupsResponseDecoded extends Decoded<typeof describeGroupsResponse> {}

export interface DescribeGroupsMessages {
  request: DescribeGroupsRequest;
  requestDecoded: DescribeGroupsRequestDecoded;
  response: DescribeGroupsResponse;
  responseDecoded: DescribeGroupsResponseDecoded;
}
