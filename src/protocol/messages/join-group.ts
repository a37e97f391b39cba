/**
 * JoinGroup: a member enters a classic group and waits until the generation is complete.
 *
 * Versions:
 * - 1: adds rebalanceTimeoutMs.
 * - 2: the response adds throttleTimeMs.
 * - 3: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 4: a new member is given its id by MEMBER_ID_REQUIRED and joins again (KIP-394).
 * - 5: adds groupInstanceId on both sides; static members (KIP-345).
 * - 6: flexible.
 * - 7: the response adds protocolType; allows null for protocolName; KIP-559.
 * - 8: adds reason; KIP-800.
 * - 9: the response adds skipAssignment; the leader of an unchanged static group keeps the
 *   assignment (KIP-814).
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

export const joinGroupRequest = message('JoinGroupRequest', apis.JoinGroup, {
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: int32.since(1).default(-1).ignorable(),
  memberId: string,
  groupInstanceId: string.nullable().since(5).default(null),
  protocolType: string,
  protocols: array({
    name: string,
    metadata: bytes,
  }),
  reason: string.nullable().since(8).default(null).ignorable(),
});

export const joinGroupResponse = message('JoinGroupResponse', apis.JoinGroup, {
  throttleTimeMs: int32.since(2).default(0).ignorable(),
  errorCode: int16,
  generationId: int32.default(-1),
  protocolType: string.nullable().since(7).default(null).ignorable(),
  protocolName: string.nullable(7),
  leader: string,
  skipAssignment: boolean.since(9).default(false),
  memberId: string,
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().since(5).default(null).ignorable(),
    metadata: bytes,
  }),
});

export interface JoinGroupRequest extends Input<typeof joinGroupRequest> {}
export interface JoinGroupRequestDecoded extends Decoded<typeof joinGroupRequest> {}
export interface JoinGroupResponse extends Input<typeof joinGroupResponse> {}
export interface JoinGroupResponseDecoded extends Decoded<typeof joinGroupResponse> {}

export interface JoinGroupMessages {
  request: JoinGroupRequest;
  requestDecoded: JoinGroupRequestDecoded;
  response: JoinGroupResponse;
  responseDecoded: JoinGroupResponseDecoded;
}
