import type { Handler } from './handler.js';

/** From this version on several members may leave at once (KIP-345). */
const manyMembersSince = 3;

/** LeaveGroup v0–5. */
export const leaveGroup: Handler<'LeaveGroup'> = async (request, context) => {
  const { groups } = context.broker;
  const { groupId, memberId } = request;
  if (context.version >= manyMembersSince) {
    const { errorCode, members } = await groups.leaveGroup(request);
    return { errorCode, members: [...members] };
  }
  const alone = [{ memberId, groupInstanceId: null }];
  const { errorCode, members } = await groups.leaveGroup({ groupId, members: alone });
  return { errorCode: errorCode === 0 ? (members[0]?.errorCode ?? 0) : errorCode };
};
