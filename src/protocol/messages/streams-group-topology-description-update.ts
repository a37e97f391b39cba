/**
 * StreamsGroupTopologyDescriptionUpdate: a member hands the description of its topology to the
 * coordinator (KIP-1331).
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
  struct,
} from '../../schema/index.js';
import { apis } from '../apis.js';

const topologyDescriptionNode = {
  name: string,
  nodeType: int8,
  sourceTopics: array(string),
  sinkTopic: string.nullable().default(null),
  stores: array(string),
  successors: array(string),
};

const topologyDescriptionSubtopology = {
  subtopologyId: string,
  nodes: array(topologyDescriptionNode),
};

const topologyDescriptionGlobalStore = {
  source: struct(topologyDescriptionNode),
  processor: struct(topologyDescriptionNode),
};

const topologyDescription = {
  subtopologies: array(topologyDescriptionSubtopology),
  globalStores: array(topologyDescriptionGlobalStore),
};

export const streamsGroupTopologyDescriptionUpdateRequest = message(
  'StreamsGroupTopologyDescriptionUpdateRequest',
  apis.StreamsGroupTopologyDescriptionUpdate,
  {
    groupId: string,
    memberId: string,
    topologyEpoch: int32,
    topologyDescription: struct(topologyDescription),
  },
);

export const streamsGroupTopologyDescriptionUpdateResponse = message(
  'StreamsGroupTopologyDescriptionUpdateResponse',
  apis.StreamsGroupTopologyDescriptionUpdate,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
  },
);

export interface StreamsGroupTopologyDescriptionUpdateRequest
  extends Input<typeof streamsGroupTopologyDescriptionUpdateRequest> {}
export interface StreamsGroupTopologyDescriptionUpdateRequestDecoded
  extends Decoded<typeof streamsGroupTopologyDescriptionUpdateRequest> {}
export interface StreamsGroupTopologyDescriptionUpdateResponse
  extends Input<typeof streamsGroupTopologyDescriptionUpdateResponse> {}
export interface StreamsGroupTopologyDescriptionUpdateResponseDecoded
  extends Decoded<typeof streamsGroupTopologyDescriptionUpdateResponse> {}

export interface StreamsGroupTopologyDescriptionUpdateMessages {
  request: StreamsGroupTopologyDescriptionUpdateRequest;
  requestDecoded: StreamsGroupTopologyDescriptionUpdateRequestDecoded;
  response: StreamsGroupTopologyDescriptionUpdateResponse;
  responseDecoded: StreamsGroupTopologyDescriptionUpdateResponseDecoded;
}
