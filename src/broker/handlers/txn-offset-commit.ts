import { zeroUuid } from '../../bytes/index.js';
import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import type { TopicFacts } from '../metadata/topic-lookup.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

/** From this version on TRANSACTION_ABORTABLE may be answered (KIP-890). */
const abortableSince = 4;
/** From this version on the broker itself takes the group into the transaction. */
const addsSince = 5;
/** From this version on topics are named by their ids. */
const topicIdsSince = 6;

type Request = RequestDecoded<'TxnOffsetCommit'>;
type AskedTopic = Request['topics'][number];

/** TxnOffsetCommit v0–6: offsets that count when the producer's transaction commits. */
export const txnOffsetCommit: Handler<'TxnOffsetCommit'> = async (request, context) => {
  const isById = context.version >= topicIdsSince;
  const known = request.topics.flatMap((asked) => {
    const facts = topicOf(asked, context);
    if (facts === undefined) return [];
    const partitions = asked.partitions.filter((one) => exists(one.partitionIndex, facts));
    const { name, id } = facts;
    const topic = { name, topicId: isById ? id : zeroUuid, partitions };
    return partitions.length === 0 ? [] : [{ asked, topic }];
  });
  const topics = known.map(({ topic }) => topic);
  const errorCodes = topics.length === 0 ? [] : await committed(request, topics, context);
  const codes = new Map(known.map(({ asked }, at) => [asked, (errorCodes[at] ?? []).values()]));
  return {
    topics: request.topics.map((asked) => {
      const { name, topicId, partitions } = asked;
      const facts = topicOf(asked, context);
      const unknown: ErrorCode =
        facts === undefined && isById ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION';
      return {
        ...(isById ? { topicId } : { name }),
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: exists(partitionIndex, facts)
            ? (codes.get(asked)?.next().value ?? errnoOf('UNKNOWN_SERVER_ERROR'))
            : errnoOf(unknown),
        })),
      };
    }),
  };
};

type Topics = Parameters<RequestContext['broker']['groups']['commitInTransaction']>[0]['topics'];

/** The codes of the partitions of each topic. */
async function committed(
  request: Request,
  topics: Topics,
  { broker, version }: RequestContext,
): Promise<readonly (readonly number[])[]> {
  const { groups, transactions, offsetsTopic, logger } = broker;
  const { transactionalId, groupId, producerId, producerEpoch } = request;
  const all = (errorCode: number) => topics.map((topic) => topic.partitions.map(() => errorCode));
  if (groupId === '') return all(errnoOf('INVALID_GROUP_ID'));
  try {
    const partition = await groups.partitionOf(groupId);
    if (version >= addsSince) {
      const added = await transactions.addPartitionsPatiently({
        transactionalId,
        producerId,
        producerEpoch,
        partitions: [[offsetsTopic.name, [partition]]],
        clientVersion: 2,
      });
      if (added !== 'NONE') return all(errnoOf(told(added, version)));
    }
    const fault = () => {
      const code = transactions.fault(transactionalId, request, offsetsTopic.name, partition);
      return code && told(code, version);
    };
    const commit = { ...request, topics };
    return (await groups.commitInTransaction(commit, fault)).errorCodes;
  } catch (error) {
    return all(errorAnswer(error, logger).errorCode);
  }
}

/** What a client is told of a fault in its transaction. */
function told(code: ErrorCode, version: number): ErrorCode {
  if (code === 'PRODUCER_FENCED') return 'INVALID_PRODUCER_EPOCH';
  const isNew = code === 'TRANSACTION_ABORTABLE' && version < abortableSince;
  return isNew ? 'INVALID_TXN_STATE' : code;
}

function topicOf(asked: AskedTopic, context: RequestContext): TopicFacts | undefined {
  const { topics } = context.broker;
  const isById = context.version >= topicIdsSince;
  return isById ? topics.byId(asked.topicId) : topics.byName(asked.name);
}

function exists(index: number, facts: TopicFacts | undefined): boolean {
  return facts !== undefined && index >= 0 && index < facts.partitionCount;
}
