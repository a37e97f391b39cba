import type { Handler, RequestContext } from './handler.js';

/** DeleteGroups v0–3: empty groups, with their offsets. */
export const deleteGroups: Handler<'DeleteGroups'> = async (request, context) => ({
  results: await Promise.all(
    Array.from(new Set(request.groupsNames), (name) => deleteGroup(name, context)),
  ),
});

async function deleteGroup(groupId: string, { broker }: RequestContext) {
  return (await broker.shareGroups.deleteGroup(groupId)) ?? broker.groups.deleteGroup(groupId);
}
