/**
 * PushTelemetry: the metrics of a client (KIP-714).
 */
import {
  type Decoded,
  type Input,
  boolean,
  bytes,
  int8,
  int16,
  int32,
  message,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const pushTelemetryRequest = message('PushTelemetryRequest', apis.PushTelemetry, {
  clientInstanceId: uuid,
  subscriptionId: int32,
  terminating: boolean,
  compressionType: int8,
  metrics: bytes,
});

export const pushTelemetryResponse = message('PushTelemetryResponse', apis.PushTelemetry, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
});

export interface PushTelemetryRequest extends Input<typeof pushTelemetryRequest> {}
export interface PushTelemetryRequestDecoded extends Decoded<typeof pushTelemetryRequest> {}
export interface PushTelemetryResponse extends Input<typeof pushTelemetryResponse> {}
export interface PushTelemetryResponseDecoded extends Decoded<typeof pushTelemetryResponse> {}

export interface PushTelemetryMessages {
  request: PushTelemetryRequest;
  requestDecoded: PushTelemetryRequestDecoded;
  response: PushTelemetryResponse;
  responseDecoded: PushTelemetryResponseDecoded;
}
