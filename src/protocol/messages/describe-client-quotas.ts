/**
 * DescribeClientQuotas: the client quotas that match a filter (KIP-546).
 *
 * Versions:
 * - 1: flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  float64,
  int8,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeClientQuotasRequest = message(
  'DescribeClientQuotasRequest',
  apis.DescribeClientQuotas,
  {
    components: array({
      entityType: string,
      matchType: int8,
      match: string.nullable(),
    }),
    strict: boolean,
  },
);

export const describeClientQuotasResponse = message(
  'DescribeClientQuotasResponse',
  apis.DescribeClientQuotas,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      values: array({
        key: string,
        value: float64,
      }),
    }).nullable(),
  },
);

export interface DescribeClientQuotasRequest extends Input<typeof describeClientQuotasRequest> {}
export interface DescribeClientQuotasRequestDecoded
  extends Decoded<typeof describeClientQuotasRequest> {}
export interface DescribeClientQuotasResponse extends Input<typeof describeClientQuotasResponse> {}
export interface DescribeClientQuotasResponseDecoded
  extends Decoded<typeof describeClientQuotasResponse> {}

export interface DescribeClientQuotasMessages {
  request: DescribeClientQuotasRequest;
  requestDecoded: DescribeClientQuotasRequestDecoded;
  response: DescribeClientQuotasResponse;
  responseDecoded: DescribeClientQuotasResponseDecoded;
}
