/**
 * CreateTopics: creates topics.
 *
 * Versions:
 * - 3: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 4: partitions and replication factor may be -1, the broker's default (KIP-464).
 * - 5: the response adds topicConfigErrorCode, numPartitions, replicationFactor, configs;
 *   flexible; KIP-525.
 * - 6: may answer THROTTLING_QUOTA_EXCEEDED (KIP-599).
 * - 7: the response adds topicId; KIP-516.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int8,
  int16,
  int32,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const createTopicsRequest = message('CreateTopicsRequest', apis.CreateTopics, {
  topics: array({
    name: string,
    numPartitions: int32,
    replicationFactor: int16,
    assignments: array({
      partitionIndex: int32,
      brokerIds: array(int32),
    }),
    configs: array({
      name: string,
      value: string.nullable(),
    }),
  }),
  timeoutMs: int32.default(60000),
  validateOnly: boolean.default(false),
});

export const createTopicsResponse = message('CreateTopicsResponse', apis.CreateTopics, {
  throttleTimeMs: int32.default(0),
  topics: array({
    name: string,
    topicId: uuid.since(7).ignorable(),
    errorCode: int16,
    errorMessage: string.nullable(),
    topicConfigErrorCode: int16.tag(0).since(5).ignorable(),
    numPartitions: int32.since(5).default(-1).ignorable(),
    replicationFactor: int16.since(5).default(-1).ignorable(),
    configs: array({
      name: string,
      value: string.nullable(),
      readOnly: boolean,
      configSource: int8.default(-1).ignorable(),
      isSensitive: boolean,
    })
      .nullable()
      .since(5)
      .ignorable(),
  }),
});

export interface CreateTopicsRequest extends Input<typeof createTopicsRequest> {}
export interface CreateTopicsRequestDecoded extends Decoded<typeof createTopicsRequest> {}
export interface CreateTopicsResponse extends Input<typeof createTopicsResponse> {}
export interface CreateTopicsResponseDecoded extends Decoded<typeof createTopicsResponse> {}

export interface CreateTopicsMessages {
  request: CreateTopicsRequest;
  requestDecoded: CreateTopicsRequestDecoded;
  response: CreateTopicsResponse;
  responseDecoded: CreateTopicsResponseDecoded;
}
