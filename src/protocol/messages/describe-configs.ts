/**
 * DescribeConfigs: the configs of topics, brokers and groups, and where they come from.
 *
 * Versions:
 * - 2: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 3: adds includeDocumentation; the response adds configType, documentation; KIP-569.
 * - 4: flexible.
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

export const describeConfigsRequest = message('DescribeConfigsRequest', apis.DescribeConfigs, {
  resources: array({
    resourceType: int8,
    resourceName: string,
    configurationKeys: array(string).nullable(),
  }),
  includeSynonyms: boolean.default(false),
  includeDocumentation: boolean.since(3).default(false),
});

export const describeConfigsResponse = message('DescribeConfigsResponse', apis.DescribeConfigs, {
  throttleTimeMs: int32.default(0),
  results: array({
    errorCode: int16,
    errorMessage: string.nullable(),
    resourceType: int8,
    resourceName: string,
    configs: array({
      name: string,
      value: string.nullable(),
      readOnly: boolean,
      configSource: int8.default(-1),
      isSensitive: boolean,
      synonyms: array({
        name: string,
        value: string.nullable(),
        source: int8,
      }),
      configType: int8.since(3).default(0).ignorable(),
      documentation: string.nullable().since(3).ignorable(),
    }),
  }),
});

export interface DescribeConfigsRequest extends Input<typeof describeConfigsRequest> {}
export interface DescribeConfigsRequestDecoded extends Decoded<typeof describeConfigsRequest> {}
export interface DescribeConfigsResponse extends Input<typeof describeConfigsResponse> {}
export interface DescribeConfigsResponseDecoded extends Decoded<typeof describeConfigsResponse> {}

export interface DescribeConfigsMessages {
  request: DescribeConfigsRequest;
  requestDecoded: DescribeConfigsRequestDecoded;
  response: DescribeConfigsResponse;
  responseDecoded: DescribeConfigsResponseDecoded;
}
