/**
 * GetTelemetrySubscriptions: which metrics a client should push (KIP-714).
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
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const getTelemetrySubscriptionsRequest = message(
  'GetTelemetrySubscriptionsRequest',
  apis.GetTelemetrySubscriptions,
  {
    clientInstanceId: uuid,
  },
);

export const getTelemetrySubscriptionsResponse = message(
  'GetTelemetrySubscriptionsResponse',
  apis.GetTelemetrySubscriptions,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: boolean,
    requestedMetrics: array(string),
  },
);

export interface GetTelemetrySubscriptionsRequest
  extends Input<typeof getTelemetrySubscriptionsRequest> {}
export interface GetTelemetrySubscriptionsRequestDecoded
  extends Decoded<typeof getTelemetrySubscriptionsRequest> {}
export interface GetTelemetrySubscriptionsResponse
  extends Input<typeof getTelemetrySubscriptionsResponse> {}
export interface GetTelemetrySubscriptionsResponseDecoded
  extends Decoded<typeof getTelemetrySubscriptionsResponse> {}

export interface GetTelemetrySubscriptionsMessages {
  request: GetTelemetrySubscriptionsRequest;
  requestDecoded: GetTelemetrySubscriptionsRequestDecoded;
  response: GetTelemetrySubscriptionsResponse;
  responseDecoded: GetTelemetrySubscriptionsResponseDecoded;
}
