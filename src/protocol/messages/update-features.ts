/**
 * UpdateFeatures: raises and lowers finalized feature levels (KIP-584).
 *
 * Versions:
 * - 1: adds upgradeType, validateOnly; drops allowDowngrade.
 * - 2: the response drops results; a failure is told at the top only.
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

export const updateFeaturesRequest = message('UpdateFeaturesRequest', apis.UpdateFeatures, {
  timeoutMs: int32.default(60000),
  featureUpdates: array({
    feature: string,
    maxVersionLevel: int16,
    allowDowngrade: boolean.until(0),
    upgradeType: int8.since(1).default(1),
  }),
  validateOnly: boolean.since(1).default(false),
});

export const updateFeaturesResponse = message('UpdateFeaturesResponse', apis.UpdateFeatures, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable(),
  results: array({
    feature: string,
    errorCode: int16,
    errorMessage: string.nullable(),
  })
    .until(1)
    .ignorable(),
});

export interface UpdateFeaturesRequest extends Input<typeof updateFeaturesRequest> {}
export interface UpdateFeaturesRequestDecoded extends Decoded<typeof updateFeaturesRequest> {}
export interface UpdateFeaturesResponse extends Input<typeof updateFeaturesResponse> {}
export interface UpdateFeaturesResponseDecoded extends Decoded<typeof updateFeaturesResponse> {}

export interface UpdateFeaturesMessages {
  request: UpdateFeaturesRequest;
  requestDecoded: UpdateFeaturesRequestDecoded;
  response: UpdateFeaturesResponse;
  responseDecoded: UpdateFeaturesResponseDecoded;
}
