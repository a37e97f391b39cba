/**
 * ApiVersions: the requests and versions a broker serves; the first question on a connection. The
 * response header stays at version 0 for ever, and a broker that does not know the version asked
 * for answers with the body of version 0.
 *
 * Versions:
 * - 1: the response adds throttleTimeMs.
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds clientSoftwareName, clientSoftwareVersion; the response adds supportedFeatures,
 *   finalizedFeaturesEpoch, finalizedFeatures, zkMigrationReady; flexible; KIP-511, KIP-584.
 * - 4: features whose minimum is 0 are listed too.
 * - 5: adds clusterId, nodeId; the client may name the node it wants and be told
 *   REBOOTSTRAP_REQUIRED (KIP-1242).
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const apiVersionsRequest = message('ApiVersionsRequest', apis.ApiVersions, {
  clientSoftwareName: string.since(3).ignorable(),
  clientSoftwareVersion: string.since(3).ignorable(),
  clusterId: string.nullable().since(5).default(null).ignorable(),
  nodeId: int32.since(5).default(-1).ignorable(),
});

export const apiVersionsResponse = message('ApiVersionsResponse', apis.ApiVersions, {
  errorCode: int16,
  apiKeys: array({
    apiKey: int16,
    minVersion: int16,
    maxVersion: int16,
  }),
  throttleTimeMs: int32.since(1).default(0).ignorable(),
  supportedFeatures: array({
    name: string,
    minVersion: int16,
    maxVersion: int16,
  })
    .tag(0)
    .since(3)
    .ignorable(),
  finalizedFeaturesEpoch: int64.tag(1).since(3).default(-1).ignorable(),
  finalizedFeatures: array({
    name: string,
    maxVersionLevel: int16,
    minVersionLevel: int16,
  })
    .tag(2)
    .since(3)
    .ignorable(),
  zkMigrationReady: boolean.tag(3).since(3).default(false).ignorable(),
});

export interface ApiVersionsRequest extends Input<typeof apiVersionsRequest> {}
export interface ApiVersionsRequestDecoded extends Decoded<typeof apiVersionsRequest> {}
export interface ApiVersionsResponse extends Input<typeof apiVersionsResponse> {}
export interface ApiVersionsResponseDecoded extends Decoded<typeof apiVersionsResponse> {}

export interface ApiVersionsMessages {
  request: ApiVersionsRequest;
  requestDecoded: ApiVersionsRequestDecoded;
  response: ApiVersionsResponse;
  responseDecoded: ApiVersionsResponseDecoded;
}
