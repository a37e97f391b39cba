import { errnoOf } from '../../errors/index.js';
import type { Handler } from './handler.js';

/** From this version on a member must say which protocol it believes to be chosen (KIP-559). */
const protocolNeededSince = 5;

/** SyncGroup v0–5: parked until the leader has assigned. */
export const syncGroup: Handler<'SyncGroup'> = (request, context) => {
  const isUnsaid = request.protocolType === null || request.protocolName === null;
  if (context.version >= protocolNeededSince && isUnsaid) {
    return { errorCode: errnoOf('INCONSISTENT_GROUP_PROTOCOL'), assignment: Buffer.alloc(0) };
  }
  return context.broker.groups.syncGroup(request);
};
