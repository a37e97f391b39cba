import type { Handler } from './handler.js';

/** From this version on an answer may name no protocol. */
const nullProtocolSince = 7;

/** JoinGroup v0–9: parked until the generation is complete. */
export const joinGroup: Handler<'JoinGroup'> = async (request, context) => {
  const { clientId, clientHost, version, broker } = context;
  const answer = await broker.groups.joinGroup(request, { clientId, clientHost, version });
  const { protocolName } = answer;
  return {
    ...answer,
    protocolName: version < nullProtocolSince ? (protocolName ?? '') : protocolName,
    members: [...answer.members],
  };
};
