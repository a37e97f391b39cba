/**
 * DescribeCluster: cluster id, controller and brokers (KIP-700).
 *
 * Versions:
 * - 1: adds endpointType on both sides; controllers may be asked too (KIP-919).
 * - 2: adds includeFencedBrokers; the response adds isFenced; KIP-1073.
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
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeClusterRequest = message('DescribeClusterRequest', apis.DescribeCluster, {
  includeClusterAuthorizedOperations: boolean,
  endpointType: int8.since(1).default(1),
  includeFencedBrokers: boolean.since(2),
});

export const describeClusterResponse = message('DescribeClusterResponse', apis.DescribeCluster, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable().default(null),
  endpointType: int8.since(1).default(1),
  clusterId: string,
  controllerId: int32.default(-1),
  brokers: array({
    brokerId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
    isFenced: boolean.since(2),
  }),
  clusterAuthorizedOperations: int32.default(-2147483648),
});

export interface DescribeClusterRequest extends Input<typeof describeClusterRequest> {}
export interface DescribeClusterRequestDecoded extends Decoded<typeof describeClusterRequest> {}
export interface DescribeClusterResponse extends Input<typeof describeClusterResponse> {}
export interface DescribeClusterResponseDecoded extends Decoded<typeof describeClusterResponse> {}

export interface DescribeClusterMessages {
  request: DescribeClusterRequest;
  requestDecoded: DescribeClusterRequestDecoded;
  response: DescribeClusterResponse;
  responseDecoded: DescribeClusterResponseDecoded;
}
