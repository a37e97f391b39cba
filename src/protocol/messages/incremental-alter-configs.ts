/**
 * IncrementalAlterConfigs: sets, deletes, appends to and subtracts from single configs (KIP-339).
 *
 * Versions:
 * - 1: flexible.
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

export const incrementalAlterConfigsRequest = message(
  'IncrementalAlterConfigsRequest',
  apis.IncrementalAlterConfigs,
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: string.nullable(),
      }),
    }),
    validateOnly: boolean,
  },
);

export const incrementalAlterConfigsResponse = message(
  'IncrementalAlterConfigsResponse',
  apis.IncrementalAlterConfigs,
  {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
    }),
  },
);

export interface IncrementalAlterConfigsRequest
  extends Input<typeof incrementalAlterConfigsRequest> {}
export interface IncrementalAlterConfigsRequestDecoded
  extends Decoded<typeof incrementalAlterConfigsRequest> {}
export interface IncrementalAlterConfigsResponse
  extends Input<typeof incrementalAlterConfigsResponse> {}
export interface IncrementalAlterConfigsResponseDecoded
  extends Decoded<typeof incrementalAlterConfigsResponse> {}

export interface IncrementalAlterConfigsMessages {
  request: IncrementalAlterConfigsRequest;
  requestDecoded: IncrementalAlterConfigsRequestDecoded;
  response: IncrementalAlterConfigsResponse;
  responseDecoded: IncrementalAlterConfigsResponseDecoded;
}
