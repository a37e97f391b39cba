import { isUuid } from '../../bytes/index.js';
import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { BrokerInternals } from '../broker-internals.js';
import type { Partition } from '../partition/partition.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

const groupType = 0;
const transactionType = 1;
const shareType = 2;

/** From this version on several keys may be asked for at once (KIP-699). */
const manyKeysSince = 4;
/** From this version on share partitions have coordinators (KIP-932). */
const shareSince = 6;

interface Found {
  readonly errorCode: number;
  readonly errorMessage: string;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/**
 * FindCoordinator v0–6. The first look-up of a group creates `__consumer_offsets`, that of a
 * transactional id `__transaction_state`, and waits for it: Apache Kafka answers
 * COORDINATOR_NOT_AVAILABLE meanwhile, which costs a client a retry.
 */
export const findCoordinator: Handler<'FindCoordinator'> = async (request, context) => {
  if (context.version >= manyKeysSince) {
    const coordinators = [];
    for (const key of request.coordinatorKeys) {
      coordinators.push({ key, ...(await find(key, request.keyType, context)) });
    }
    return { coordinators };
  }
  const found = await find(request.key, request.keyType, context);
  // Kafka says the name of the error where it has nothing else to say.
  const errorMessage = found.errorCode === 0 ? 'NONE' : found.errorMessage;
  return { ...found, errorMessage };
};

async function find(key: string, type: number, context: RequestContext): Promise<Found> {
  const { broker, connection, version } = context;
  if (type === shareType && version >= shareSince) {
    if (!isSharePartition(key)) {
      return nowhere('INVALID_REQUEST', 'The key of a share partition is group:topicId:partition.');
    }
  } else if (type !== groupType && type !== transactionType) {
    return nowhere('INVALID_REQUEST', `Unknown coordinator type ${type}.`);
  }
  let nodeId: number;
  try {
    nodeId = (await partitionKeeping(key, type, broker))?.leader ?? -1;
  } catch (error) {
    const { errorMessage } = errorAnswer(error, broker.logger);
    return nowhere('COORDINATOR_NOT_AVAILABLE', errorMessage);
  }
  if (nodeId < 0) return nowhere('COORDINATOR_NOT_AVAILABLE', 'No node leads its partition now.');
  return { errorCode: 0, errorMessage: '', nodeId, ...broker.addressOf(nodeId, connection) };
}

/** The partition of an internal topic that keeps what is looked for; creates the topic. */
async function partitionKeeping(
  key: string,
  type: number,
  broker: BrokerInternals,
): Promise<Partition | undefined> {
  const { groups, transactions, shareStates, topics } = broker;
  switch (type) {
    case groupType:
      return topics.partition(broker.offsetsTopic.name, await groups.partitionOf(key));
    case transactionType:
      return topics.partition(broker.transactionTopic.name, await transactions.partitionOf(key));
    default:
      return topics.partition(shareStates.topicName, await shareStates.partitionOf(key));
  }
}

function nowhere(code: ErrorCode, errorMessage: string): Found {
  return { errorCode: errnoOf(code), errorMessage, nodeId: -1, host: '', port: -1 };
}

/** `group:topicId:partition`, where the group may have colons of its own. */
function isSharePartition(key: string): boolean {
  const parts = key.split(':');
  const partition = parts.pop() ?? '';
  const topicId = parts.pop() ?? '';
  return parts.join(':') !== '' && isUuid(topicId) && /^\d{1,10}$/.test(partition);
}
