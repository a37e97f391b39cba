/**
 * Heartbeat: a classic member says that it is alive and learns of rebalances.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds groupInstanceId; static members (KIP-345).
 * - 4: flexible.
 */
import { type Decoded, type Input, int16, int32, message, string } from '../../schema/index.js';
import { apis } from '../apis.js';

export const heartbeatRequest = message('HeartbeatRequest', apis.Heartbeat, {
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: string.nullable().since(3).default(null),
});

export const heartbeatResponse = message('HeartbeatResponse', apis.Heartbeat, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16,
});

export interface HeartbeatRequest extends Input<typeof heartbeatRequest> {}
export interface HeartbeatRequestDecoded extends Decoded<typeof heartbeatRequest> {}
export interface HeartbeatResponse extends Input<typeof heartbeatResponse> {}
export interface HeartbeatResponseDecoded extends Decoded<typeof heartbeatResponse> {}

export interface HeartbeatMessages {
  request: HeartbeatRequest;
  requestDecoded: HeartbeatRequestDecoded;
  response: HeartbeatResponse;
  responseDecoded: HeartbeatResponseDecoded;
}
