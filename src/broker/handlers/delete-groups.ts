import type { Handler } from './handler.js';

/** DeleteGroups v0–3: empty groups, with their offsets. */
export const deleteGroups: Handler<'DeleteGroups'> = async (request, context) => ({
  results: await Promise.all(
    Array.from(new Set(request.groupsNames), (name) => context.broker.groups.deleteGroup(name)),
  ),
});
