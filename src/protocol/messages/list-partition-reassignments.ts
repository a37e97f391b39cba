/**
 * ListPartitionReassignments: the moves of replicas under way (KIP-455).
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

export const listPartitionReassignmentsRequest = message(
  'ListPartitionReassignmentsRequest',
  apis.ListPartitionReassignments,
  {
    timeoutMs: int32.default(60000),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable()
      .default(null),
  },
);

export const listPartitionReassignmentsResponse = message(
  'ListPartitionReassignmentsResponse',
  apis.ListPartitionReassignments,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
);

export interface ListPartitionReassignmentsRequest
  extends Input<typeof listPartitionReassignmentsRequest> {}
export interface ListPartitionReassignmentsRequestDecoded
  extends Decoded<typeof listPartitionReassignmentsRequest> {}
export interface ListPartitionReassignmentsResponse
  extends Input<typeof listPartitionReassignmentsResponse> {}
export interface ListPartitionReassignmentsResponseDecoded
  extends Decoded<typeof listPartitionReassignmentsResponse> {}

export interface ListPartitionReassignmentsMessages {
  request: ListPartitionReassignmentsRequest;
  requestDecoded: ListPartitionReassignmentsRequestDecoded;
  response: ListPartitionReassignmentsResponse;
  responseDecoded: ListPartitionReassignmentsResponseDecoded;
}
