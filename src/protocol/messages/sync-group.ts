/**
 * SyncGroup: the leader of a classic group hands out assignments, every member receives its own.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds groupInstanceId; static members (KIP-345).
 * - 4: flexible.
 * - 5: adds protocolType, protocolName on both sides; KIP-559.
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const syncGroupRequest = message('SyncGroupRequest', apis.SyncGroup, {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: string.nullable().since(3).default(null),
  protocolType: string.nullable().since(5).default(null).ignorable(),
  protocolName: string.nullable().since(5).default(null).ignorable(),
  assignments: array({
    memberId: string,
    assignment: bytes,
  }),
});

export const syncGroupResponse = message('SyncGroupResponse', apis.SyncGroup, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16,
  protocolType: string.nullable().since(5).default(null).ignorable(),
  protocolName: string.nullable().since(5).default(null).ignorable(),
  assignment: bytes,
});

export interface SyncGroupRequest extends Input<typeof syncGroupRequest> {}
export interface SyncGroupRequestDecoded extends Decoded<typeof syncGroupRequest> {}
export interface SyncGroupResponse extends Input<typeof syncGroupResponse> {}
export interface SyncGroupResponseDecoded extends Decoded<typeof syncGroupResponse> {}

export interface SyncGroupMessages {
  request: SyncGroupRequest;
  requestDecoded: SyncGroupRequestDecoded;
  response: SyncGroupResponse;
  responseDecoded: SyncGroupResponseDecoded;
}
