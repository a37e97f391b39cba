/**
 * LeaveGroup: members leave a classic group.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds members; drops memberId; the response adds members; several members at once (KIP-345).
 * - 4: flexible.
 * - 5: adds reason; KIP-800.
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

export const leaveGroupRequest = message('LeaveGroupRequest', apis.LeaveGroup, {
  groupId: string,
  memberId: string.until(2),
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().default(null),
    reason: string.nullable().since(5).default(null).ignorable(),
  }).since(3),
});

export const leaveGroupResponse = message('LeaveGroupResponse', apis.LeaveGroup, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16,
  members: array({
    memberId: string,
    groupInstanceId: string.nullable(),
    errorCode: int16,
  }).since(3),
});

export interface LeaveGroupRequest extends Input<typeof leaveGroupRequest> {}
export interface LeaveGroupRequestDecoded extends Decoded<typeof leaveGroupRequest> {}
export interface LeaveGroupResponse extends Input<typeof leaveGroupResponse> {}
export interface LeaveGroupResponseDecoded extends Decoded<typeof leaveGroupResponse> {}

export interface LeaveGroupMessages {
  request: LeaveGroupRequest;
  requestDecoded: LeaveGroupRequestDecoded;
  response: LeaveGroupResponse;
  responseDecoded: LeaveGroupResponseDecoded;
}
