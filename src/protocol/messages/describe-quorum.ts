/**
 * DescribeQuorum: leader, voters and observers of the metadata quorum (KIP-595).
 *
 * Versions:
 * - 1: the response adds lastFetchTimestamp, lastCaughtUpTimestamp; KIP-836.
 * - 2: the response adds errorMessage, replicaDirectoryId, nodes; KIP-853.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  message,
  string,
  uint16,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeQuorumRequest = message('DescribeQuorumRequest', apis.DescribeQuorum, {
  topics: array({
    topicName: string,
    partitions: array({
      partitionIndex: int32,
    }),
  }),
});

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.since(2),
  logEndOffset: int64,
  lastFetchTimestamp: int64.since(1).default(-1).ignorable(),
  lastCaughtUpTimestamp: int64.since(1).default(-1).ignorable(),
};

export const describeQuorumResponse = message('DescribeQuorumResponse', apis.DescribeQuorum, {
  errorCode: int16,
  errorMessage: string.nullable().since(2).ignorable(),
  topics: array({
    topicName: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      errorMessage: string.nullable().since(2).ignorable(),
      leaderId: int32,
      leaderEpoch: int32,
      highWatermark: int64,
      currentVoters: array(replicaState),
      observers: array(replicaState),
    }),
  }),
  nodes: array({
    nodeId: int32,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
  }).since(2),
});

export interface DescribeQuorumRequest extends Input<typeof describeQuorumRequest> {}
export interface DescribeQuorumRequestDecoded extends Decoded<typeof describeQuorumRequest> {}
export interface DescribeQuorumResponse extends Input<typeof describeQuorumResponse> {}
export interface DescribeQuorumResponseDecoded extends Decoded<typeof describeQuorumResponse> {}

export interface DescribeQuorumMessages {
  request: DescribeQuorumRequest;
  requestDecoded: DescribeQuorumRequestDecoded;
  response: DescribeQuorumResponse;
  responseDecoded: DescribeQuorumResponseDecoded;
}
