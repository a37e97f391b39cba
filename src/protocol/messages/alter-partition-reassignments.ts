/**
 * AlterPartitionReassignments: starts or cancels moves of replicas (KIP-455).
 *
 * Versions:
 * - 1: adds allowReplicationFactorChange on both sides.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const alterPartitionReassignmentsRequest = message(
  'AlterPartitionReassignmentsRequest',
  apis.AlterPartitionReassignments,
  {
    timeoutMs: int32.default(60000),
    allowReplicationFactorChange: boolean.since(1).default(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32).nullable().default(null),
      }),
    }),
  },
);

export const alterPartitionReassignmentsResponse = message(
  'AlterPartitionReassignmentsResponse',
  apis.AlterPartitionReassignments,
  {
    throttleTimeMs: int32.default(0),
    allowReplicationFactorChange: boolean.since(1).default(true).ignorable(),
    errorCode: int16,
    errorMessage: string.nullable(),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable(),
      }),
    }),
  },
);

export interface AlterPartitionReassignmentsRequest
  extends Input<typeof alterPartitionReassignmentsRequest> {}
export interface AlterPartitionReassignmentsRequestDecoded
  extends Decoded<typeof alterPartitionReassignmentsRequest> {}
export interface AlterPartitionReassignmentsResponse
  extends Input<typeof alterPartitionReassignmentsResponse> {}
export interface AlterPartitionReassignmentsResponseDecoded
  extends Decoded<typeof alterPartitionReassignmentsResponse> {}

export interface AlterPartitionReassignmentsMessages {
  request: AlterPartitionReassignmentsRequest;
  requestDecoded: AlterPartitionReassignmentsRequestDecoded;
  response: AlterPartitionReassignmentsResponse;
  responseDecoded: AlterPartitionReassignmentsResponseDecoded;
}
