/**
 * Network: connections that speak Kafka's framing, one class per side. Knows frames, headers,
 * versions and the order of answers; knows nothing of what the requests mean.
 */
export { type BudgetWaiter, RequestBudget } from './request-budget.js';
export {
  hangUp,
  noAnswer,
  type ReceivedRequest,
  type ServedAnswer,
  ServerConnection,
  type ServerConnectionOptions,
} from './server-connection.js';
export { Alarm } from './alarm.js';
export { ApiRanges } from './api-ranges.js';
export { ClientConnection } from './client-connection.js';
export type {
  ClientConnectionOptions,
  ConnectionSendOptions,
} from './client-connection-options.js';
export { clientSoftware } from './negotiation.js';
