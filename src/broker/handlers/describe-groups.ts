import { errnoOf } from '../../errors/index.js';
import { groupOperations } from './group-operations.js';
import type { Handler } from './handler.js';

/** From this version on a group that is not there is an error (KIP-1043). */
const notFoundSince = 6;

/** DescribeGroups v0–6: classic groups. */
export const describeGroups: Handler<'DescribeGroups'> = async (request, context) => {
  const { broker, version } = context;
  const notFound = errnoOf('GROUP_ID_NOT_FOUND');
  const groups = await Promise.all(
    request.groups.map(async (groupId) => {
      const { errorMessage, ...group } = await broker.groups.describeGroup(groupId);
      const isHidden = group.errorCode === notFound && version < notFoundSince;
      const errorCode = isHidden ? 0 : group.errorCode;
      const isAsked = request.includeAuthorizedOperations && errorCode === 0;
      return {
        ...group,
        errorCode,
        ...(version >= notFoundSince ? { errorMessage } : {}),
        members: [...group.members],
        ...(isAsked ? { authorizedOperations: groupOperations } : {}),
      };
    }),
  );
  return { groups };
};
