import type { Handler } from './handler.js';

/** Heartbeat v0–4 of a classic group. */
export const heartbeat: Handler<'Heartbeat'> = (request, context) =>
  context.broker.groups.heartbeat(request);
