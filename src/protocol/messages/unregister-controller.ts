/**
 * UnregisterController: forgets a controller that will not come back.
 */
import { type Decoded, type Input, int16, int32, message, string } from '../../schema/index.js';
import { apis } from '../apis.js';

export const unregisterControllerRequest = message(
  'UnregisterControllerRequest',
  apis.UnregisterController,
  {
    controllerId: int32,
  },
);

export const unregisterControllerResponse = message(
  'UnregisterControllerResponse',
  apis.UnregisterController,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  },
);

export interface UnregisterControllerRequest extends Input<typeof unregisterControllerRequest> {}
export interface UnregisterControllerRequestDecoded
  extends Decoded<typeof unregisterControllerRequest> {}
export interface UnregisterControllerResponse extends Input<typeof unregisterControllerResponse> {}
export interface UnregisterControllerResponseDecoded
  extends Decoded<typeof unregisterControllerResponse> {}

export interface UnregisterControllerMessages {
  request: UnregisterControllerRequest;
  requestDecoded: UnregisterControllerRequestDecoded;
  response: UnregisterControllerResponse;
  responseDecoded: UnregisterControllerResponseDecoded;
}
