/**
 * UnregisterBroker: forgets a broker that will not come back (KIP-500).
 */
import { type Decoded, type Input, int16, int32, message, string } from '../../schema/index.js';
import { apis } from '../apis.js';

export const unregisterBrokerRequest = message('UnregisterBrokerRequest', apis.UnregisterBroker, {
  brokerId: int32,
});

export const unregisterBrokerResponse = message('UnregisterBrokerResponse', apis.UnregisterBroker, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  errorMessage: string.nullable(),
});

export interface UnregisterBrokerRequest extends Input<typeof unregisterBrokerRequest> {}
export interface UnregisterBrokerRequestDecoded extends Decoded<typeof unregisterBrokerRequest> {}
export interface UnregisterBrokerResponse extends Input<typeof unregisterBrokerResponse> {}
export interface UnregisterBrokerResponseDecoded extends Decoded<typeof unregisterBrokerResponse> {}

export interface UnregisterBrokerMessages {
  request: UnregisterBrokerRequest;
  requestDecoded: UnregisterBrokerRequestDecoded;
  response: UnregisterBrokerResponse;
  responseDecoded: UnregisterBrokerResponseDecoded;
}
