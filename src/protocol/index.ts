/**
 * Protocol: Kafka's requests and responses as data, their headers and frames. Knows every message
 * and version, and nothing of sockets, of what a broker does with a request, or of what stands in
 * a record batch. The messages of an API are loaded when they are first asked for.
 */
export {
  type ApiMessages,
  type RequestDecoded,
  type RequestInput,
  type ResponseDecoded,
  type ResponseInput,
} from './api-messages.js';
export { apiByKey, type ApiFacts, type ApiName, apis } from './apis.js';
export { FrameCutter } from './frame-cutter.js';
export {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
  type RequestHeader,
  type RequestHeaderDecoded,
  requestHeaderVersion,
  type ResponseHeader,
  responseHeaderVersion,
} from './header.js';
export {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './internal/consumer-protocol-bytes.js';
export type {
  ConsumerProtocolAssignment,
  ConsumerProtocolAssignmentDecoded,
  ConsumerProtocolSubscription,
  ConsumerProtocolSubscriptionDecoded,
} from './internal/consumer-protocol.js';
export type {
  LegacyApiName,
  LegacyListOffsetsRequestDecoded,
  LegacyListOffsetsResponse,
} from './legacy/index.js';
export { loadApi, type LoadedApi, loadedApi, loadLegacy } from './load-api.js';
