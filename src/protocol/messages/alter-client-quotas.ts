/**
 * AlterClientQuotas: sets and removes client quotas (KIP-546).
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
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const alterClientQuotasRequest = message(
  'AlterClientQuotasRequest',
  apis.AlterClientQuotas,
  {
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: boolean,
      }),
    }),
    validateOnly: boolean,
  },
);

export const alterClientQuotasResponse = message(
  'AlterClientQuotasResponse',
  apis.AlterClientQuotas,
  {
    throttleTimeMs: int32.default(0),
    entries: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
    }),
  },
);

export interface AlterClientQuotasRequest extends Input<typeof alterClientQuotasRequest> {}
export interface AlterClientQuotasRequestDecoded extends Decoded<typeof alterClientQuotasRequest> {}
export interface AlterClientQuotasResponse extends Input<typeof alterClientQuotasResponse> {}
export interface AlterClientQuotasResponseDecoded
  extends Decoded<typeof alterClientQuotasResponse> {}

export interface AlterClientQuotasMessages {
  request: AlterClientQuotasRequest;
  requestDecoded: AlterClientQuotasRequestDecoded;
  response: AlterClientQuotasResponse;
  responseDecoded: AlterClientQuotasResponseDecoded;
}
