import type { Handler } from './handler.js';

/** ListGroups v0–5. An unknown state or type is no error: no group is in it. */
export const listGroups: Handler<'ListGroups'> = (request, context) =>
  context.broker.groups.listGroups({ states: request.statesFilter, types: request.typesFilter });
