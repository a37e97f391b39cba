/**
 * StreamsGroupHeartbeat: joins, keeps and leaves a streams group (KIP-1071).
 *
 * Versions:
 * - 1: the response adds acceptableRecoveryLag, topologyDescriptionRequired; drops
 *   acceptableRecoveryLagLegacy; KIP-1331; status MISSING_CLIENT_TAGS is possible.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  struct,
  uint16,
} from '../../schema/index.js';
import { apis } from '../apis.js';

const keyValue = {
  key: string,
  value: string,
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
};

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const endpoint = {
  host: string,
  port: uint16,
};

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
};

export const streamsGroupHeartbeatRequest = message(
  'StreamsGroupHeartbeatRequest',
  apis.StreamsGroupHeartbeat,
  {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    topology: struct({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .nullable()
      .default(null),
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    processId: string.nullable().default(null),
    userEndpoint: struct(endpoint).nullable().default(null),
    clientTags: array(keyValue).nullable().default(null),
    taskOffsets: array(taskOffset).nullable().default(null),
    taskEndOffsets: array(taskOffset).nullable().default(null),
    shutdownApplication: boolean.default(false),
  },
);

const status = {
  statusCode: int8,
  statusDetail: string,
};

const topicPartition = {
  topic: string,
  partitions: array(int32),
};

export const streamsGroupHeartbeatResponse = message(
  'StreamsGroupHeartbeatResponse',
  apis.StreamsGroupHeartbeat,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLagLegacy: int32.until(0),
    taskOffsetIntervalMs: int32,
    acceptableRecoveryLag: int64.since(1).default(-1).ignorable(),
    status: array(status).nullable(),
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    topologyDescriptionRequired: boolean.since(1).default(false),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct(endpoint),
      activePartitions: array(topicPartition),
      standbyPartitions: array(topicPartition),
    })
      .nullable()
      .default(null),
  },
);

export interface StreamsGroupHeartbeatRequest extends Input<typeof streamsGroupHeartbeatRequest> {}
export interface StreamsGroupHeartbeatRequestDecoded
  extends Decoded<typeof streamsGroupHeartbeatRequest> {}
export interface StreamsGroupHeartbeatResponse
  extends Input<typeof streamsGroupHeartbeatResponse> {}
export interface StreamsGroupHeartbeatResponseDecoded
  extends Decoded<typeof streamsGroupHeartbeatResponse> {}

export interface StreamsGroupHeartbeatMessages {
  request: StreamsGroupHeartbeatRequest;
  requestDecoded: StreamsGroupHeartbeatRequestDecoded;
  response: StreamsGroupHeartbeatResponse;
  responseDecoded: StreamsGroupHeartbeatResponseDecoded;
}
