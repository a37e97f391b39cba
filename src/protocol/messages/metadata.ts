/**
 * Metadata: brokers, topics, partitions and their leaders.
 *
 * Versions:
 * - 0: an empty list asks for all topics.
 * - 1: allows null for topics; the response adds rack, controllerId, isInternal; null asks for all
 *   topics, an empty list for none.
 * - 2: the response adds clusterId; KIP-78.
 * - 3: the response adds throttleTimeMs.
 * - 4: adds allowAutoTopicCreation; KIP-361.
 * - 5: the response adds offlineReplicas.
 * - 6: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 7: the response adds leaderEpoch; KIP-320.
 * - 8: adds includeClusterAuthorizedOperations, includeTopicAuthorizedOperations; the response
 *   adds topicAuthorizedOperations, clusterAuthorizedOperations.
 * - 9: flexible.
 * - 10: adds topicId; allows null for name; the response adds topicId; KIP-516.
 * - 11: drops includeClusterAuthorizedOperations; the response drops clusterAuthorizedOperations;
 *   see DescribeCluster (KIP-700).
 * - 12: the response allows null for name; topics may be asked for by id.
 * - 13: the response adds errorCode; KIP-1102.
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
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const metadataRequest = message('MetadataRequest', apis.Metadata, {
  topics: array({
    topicId: uuid.since(10).ignorable(),
    name: string.nullable(10),
  }).nullable(1),
  allowAutoTopicCreation: boolean.since(4).default(true),
  includeClusterAuthorizedOperations: boolean.since(8).until(10),
  includeTopicAuthorizedOperations: boolean.since(8),
});

export const metadataResponse = message('MetadataResponse', apis.Metadata, {
  throttleTimeMs: int32.since(3).default(0).ignorable(),
  brokers: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().since(1).default(null).ignorable(),
  }),
  clusterId: string.nullable().since(2).default(null).ignorable(),
  controllerId: int32.since(1).default(-1).ignorable(),
  topics: array({
    errorCode: int16,
    name: string.nullable(12),
    topicId: uuid.since(10).ignorable(),
    isInternal: boolean.since(1).default(false).ignorable(),
    partitions: array({
      errorCode: int16,
      partitionIndex: int32,
      leaderId: int32,
      leaderEpoch: int32.since(7).default(-1).ignorable(),
      replicaNodes: array(int32),
      isrNodes: array(int32),
      offlineReplicas: array(int32).since(5).ignorable(),
    }),
    topicAuthorizedOperations: int32.since(8).default(-2147483648),
  }),
  clusterAuthorizedOperations: int32.since(8).until(10).default(-2147483648),
  errorCode: int16.since(13).ignorable(),
});

export interface MetadataRequest extends Input<typeof metadataRequest> {}
export interface MetadataRequestDecoded extends Decoded<typeof metadataRequest> {}
export interface MetadataResponse extends Input<typeof metadataResponse> {}
export interface MetadataResponseDecoded extends Decoded<typeof metadataResponse> {}

export interface MetadataMessages {
  request: MetadataRequest;
  requestDecoded: MetadataRequestDecoded;
  response: MetadataResponse;
  responseDecoded: MetadataResponseDecoded;
}
