/**
 * FindCoordinator: which broker keeps a group, a transactional id or a share partition.
 *
 * Versions:
 * - 1: adds keyType; the response adds throttleTimeMs, errorMessage.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: flexible.
 * - 4: adds coordinatorKeys; drops key; the response adds coordinators; drops errorCode,
 *   errorMessage, nodeId, host, port; several keys at once (KIP-699).
 * - 5: may answer TRANSACTION_ABORTABLE (KIP-890).
 * - 6: key type 2, a share partition as group:topicId:partition (KIP-932).
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

export const findCoordinatorRequest = message('FindCoordinatorRequest', apis.FindCoordinator, {
  key: string.until(3),
  keyType: int8.since(1).default(0),
  coordinatorKeys: array(string).since(4),
});

export const findCoordinatorResponse = message('FindCoordinatorResponse', apis.FindCoordinator, {
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  errorCode: int16.until(3),
  errorMessage: string.nullable().since(1).until(3).ignorable(),
  nodeId: int32.until(3),
  host: string.until(3),
  port: int32.until(3),
  coordinators: array({
    key: string,
    nodeId: int32,
    host: string,
    port: int32,
    errorCode: int16,
    errorMessage: string.nullable().ignorable(),
  }).since(4),
});

export interface FindCoordinatorRequest extends Input<typeof findCoordinatorRequest> {}
export interface FindCoordinatorRequestDecoded extends Decoded<typeof findCoordinatorRequest> {}
export interface FindCoordinatorResponse extends Input<typeof findCoordinatorResponse> {}
export interface FindCoordinatorResponseDecoded extends Decoded<typeof findCoordinatorResponse> {}

export interface FindCoordinatorMessages {
  request: FindCoordinatorRequest;
  requestDecoded: FindCoordinatorRequestDecoded;
  response: FindCoordinatorResponse;
  responseDecoded: FindCoordinatorResponseDecoded;
}
