/**
 * DeleteTopics: deletes topics.
 *
 * Versions:
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: may answer TOPIC_DELETION_DISABLED.
 * - 4: flexible.
 * - 5: the response adds errorMessage; may answer THROTTLING_QUOTA_EXCEEDED (KIP-599).
 * - 6: adds topics; drops topicNames; the response adds topicId; allows null for name; topics by
 *   name or id (KIP-516).
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const deleteTopicsRequest = message('DeleteTopicsRequest', apis.DeleteTopics, {
  topics: array({
    name: string.nullable().default(null),
    topicId: uuid,
  }).since(6),
  topicNames: array(string).until(5).ignorable(),
  timeoutMs: int32,
});

export const deleteTopicsResponse = message('DeleteTopicsResponse', apis.DeleteTopics, {
  throttleTimeMs: int32.default(0),
  responses: array({
    name: string.nullable(6),
    topicId: uuid.since(6).ignorable(),
    errorCode: int16,
    errorMessage: string.nullable().since(5).default(null).ignorable(),
  }),
});

export interface DeleteTopicsRequest extends Input<typeof deleteTopicsRequest> {}
export interface DeleteTopicsRequestDecoded extends Decoded<typeof deleteTopicsRequest> {}
export interface DeleteTopicsResponse extends Input<typeof deleteTopicsResponse> {}
export interface DeleteTopicsResponseDecoded extends Decoded<typeof deleteTopicsResponse> {}

export interface DeleteTopicsMessages {
  request: DeleteTopicsRequest;
  requestDecoded: DeleteTopicsRequestDecoded;
  response: DeleteTopicsResponse;
  responseDecoded: DeleteTopicsResponseDecoded;
}
