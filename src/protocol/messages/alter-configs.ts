/**
 * AlterConfigs: replaces all configs of resources at once; IncrementalAlterConfigs is the better
 * way.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: flexible.
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

export const alterConfigsRequest = message('AlterConfigsRequest', apis.AlterConfigs, {
  resources: array({
    resourceType: int8,
    resourceName: string,
    configs: array({
      name: string,
      value: string.nullable(),
    }),
  }),
  validateOnly: boolean,
});

export const alterConfigsResponse = message('AlterConfigsResponse', apis.AlterConfigs, {
  throttleTimeMs: int32.default(0),
  responses: array({
    errorCode: int16,
    errorMessage: string.nullable(),
    resourceType: int8,
    resourceName: string,
  }),
});

export interface AlterConfigsRequest extends Input<typeof alterConfigsRequest> {}
export interface AlterConfigsRequestDecoded extends Decoded<typeof alterConfigsRequest> {}
export interface AlterConfigsResponse extends Input<typeof alterConfigsResponse> {}
export interface AlterConfigsResponseDecoded extends Decoded<typeof alterConfigsResponse> {}

export interface AlterConfigsMessages {
  request: AlterConfigsRequest;
  requestDecoded: AlterConfigsRequestDecoded;
  response: AlterConfigsResponse;
  responseDecoded: AlterConfigsResponseDecoded;
}
