import type { Handler } from './handler.js';

/** SyncGroup v0–5: parked until the leader has assigned. */
export const syncGroup: Handler<'SyncGroup'> = (request, context) =>
  context.broker.groups.syncGroup(request);
