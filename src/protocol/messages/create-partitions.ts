/**
 * CreatePartitions: raises the number of partitions of topics.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: flexible.
 * - 3: may answer THROTTLING_QUOTA_EXCEEDED (KIP-599).
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

export const createPartitionsRequest = message('CreatePartitionsRequest', apis.CreatePartitions, {
  topics: array({
    name: string,
    count: int32,
    assignments: array({
      brokerIds: array(int32),
    }).nullable(),
  }),
  timeoutMs: int32,
  validateOnly: boolean,
});

export const createPartitionsResponse = message('CreatePartitionsResponse', apis.CreatePartitions, {
  throttleTimeMs: int32.default(0),
  results: array({
    name: string,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
  }),
});

export interface CreatePartitionsRequest extends Input<typeof createPartitionsRequest> {}
export interface CreatePartitionsRequestDecoded extends Decoded<typeof createPartitionsRequest> {}
export interface CreatePartitionsResponse extends Input<typeof createPartitionsResponse> {}
export interface CreatePartitionsResponseDecoded extends Decoded<typeof createPartitionsResponse> {}

export interface CreatePartitionsMessages {
  request: CreatePartitionsRequest;
  requestDecoded: CreatePartitionsRequestDecoded;
  response: CreatePartitionsResponse;
  responseDecoded: CreatePartitionsResponseDecoded;
}
