/**
 * ListConfigResources: the resources that have configs, such as client metrics subscriptions
 * (KIP-1142).
 *
 * Versions:
 * - 0: client metrics resources only.
 * - 1: adds resourceTypes; the response adds resourceType; all kinds of resources.
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
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const listConfigResourcesRequest = message(
  'ListConfigResourcesRequest',
  apis.ListConfigResources,
  {
    resourceTypes: array(int8).since(1),
  },
);

export const listConfigResourcesResponse = message(
  'ListConfigResourcesResponse',
  apis.ListConfigResources,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).default(16).ignorable(),
    }),
  },
);

export interface ListConfigResourcesRequest extends Input<typeof listConfigResourcesRequest> {}
export interface ListConfigResourcesRequestDecoded
  extends Decoded<typeof listConfigResourcesRequest> {}
export interface ListConfigResourcesResponse extends Input<typeof listConfigResourcesResponse> {}
export interface ListConfigResourcesResponseDecoded
  extends Decoded<typeof listConfigResourcesResponse> {}

export interface ListConfigResourcesMessages {
  request: ListConfigResourcesRequest;
  requestDecoded: ListConfigResourcesRequestDecoded;
  response: ListConfigResourcesResponse;
  responseDecoded: ListConfigResourcesResponseDecoded;
}
