// Bodies of requests with everything in them that a version may want.
import { RecordBatchBuilder } from '../../../dist/records/index.js';
import { encodeSubscription } from '../../../dist/protocol/index.js';

export const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
export const noSuchId = 'MDEyMzQ1Njc4OWFiY2RlZg';

/** A batch of values as a producer makes it; `more` are options of the builder. */
export function batch(values, more = {}) {
  const builder = new RecordBatchBuilder(more);
  for (const value of values) {
    const key = more.key === null ? null : Buffer.from(more.key ?? 'k');
    builder.append({ timestamp: Date.now(), key, value: Buffer.from(value) });
  }
  return Buffer.from(builder.build());
}

export function idempotent(producerId, producerEpoch, baseSequence, isTransactional = false) {
  return { producer: { producerId, producerEpoch, baseSequence, isTransactional } };
}

export function produce(name, records, more = {}) {
  const { index = 0, acks = -1, transactionalId = null, topicId = zeroId } = more;
  const partitionData = [{ index, records }];
  return { transactionalId, acks, timeoutMs: 5000, topicData: [{ name, topicId, partitionData }] };
}

export const createTopic = (name, more = {}) => ({
  topics: [
    {
      name,
      numPartitions: more.partitions ?? 1,
      replicationFactor: more.replicationFactor ?? 1,
      assignments: more.assignments ?? [],
      configs: Object.entries(more.configs ?? {}).map(([key, value]) => ({ name: key, value })),
    },
  ],
  timeoutMs: 10_000,
  validateOnly: more.validateOnly ?? false,
});

/** Creates a topic and waits until its partitions take requests. */
export async function makeTopic(script, name, more = {}) {
  await script.quietly('CreateTopics', 7, createTopic(name, more));
  const { topics } = await script.until(
    'Metadata',
    12,
    { topics: [{ name }], allowAutoTopicCreation: false },
    (answer) => answer.topics[0].errorCode === 0 && answer.topics[0].partitions.length > 0,
  );
  await script.until(
    'ListOffsets',
    7,
    listOffsets(name, -1),
    (answer) => answer.topics[0].partitions[0].errorCode === 0,
  );
  return topics[0].topicId;
}

export const listOffsets = (name, timestamp, more = {}) => ({
  replicaId: -1,
  isolationLevel: more.isolationLevel ?? 0,
  topics: [
    {
      name,
      partitions: [
        {
          partitionIndex: more.index ?? 0,
          currentLeaderEpoch: more.epoch ?? -1,
          timestamp,
        },
      ],
    },
  ],
  timeoutMs: 1000,
});

export function fetch(topicId, more = {}) {
  const partition = {
    partition: more.index ?? 0,
    currentLeaderEpoch: more.epoch ?? -1,
    fetchOffset: more.offset ?? 0,
    lastFetchedEpoch: more.lastFetchedEpoch ?? -1,
    partitionMaxBytes: 1_048_576,
  };
  return {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_048_576,
    isolationLevel: more.isolationLevel ?? 0,
    sessionId: more.sessionId ?? 0,
    sessionEpoch: more.sessionEpoch ?? -1,
    topics: more.none ? [] : [{ topicId, topic: '', partitions: [partition] }],
    forgottenTopicsData: [],
    rackId: '',
  };
}

const subscription = Buffer.from(encodeSubscription(0, { topics: ['t'], userData: null }));

export const join = (groupId, memberId, more = {}) => ({
  groupId,
  sessionTimeoutMs: more.sessionTimeoutMs ?? 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId,
  groupInstanceId: more.instance ?? null,
  protocolType: more.type ?? 'consumer',
  protocols: [{ name: more.protocol ?? 'range', metadata: subscription }],
  reason: null,
});

export const sync = (groupId, memberId, generationId, more = {}) => ({
  groupId,
  generationId,
  memberId,
  groupInstanceId: more.instance ?? null,
  protocolType: more.type ?? 'consumer',
  protocolName: more.protocol ?? 'range',
  assignments: (more.members ?? []).map((id) => ({ memberId: id, assignment: Buffer.from('a') })),
});

export const commit = (groupId, topic, more = {}) => ({
  groupId,
  generationIdOrMemberEpoch: more.generation ?? -1,
  memberId: more.member ?? '',
  groupInstanceId: more.instance ?? null,
  topics: [
    {
      name: topic,
      topicId: more.topicId ?? zeroId,
      partitions: [
        {
          partitionIndex: more.index ?? 0,
          committedOffset: more.offset ?? 5,
          committedLeaderEpoch: -1,
          committedMetadata: more.metadata ?? '',
        },
      ],
    },
  ],
});

export const offsets = (groupId, topics, more = {}) => ({
  groups: [{ groupId, memberId: more.member ?? null, memberEpoch: more.epoch ?? -1, topics }],
  requireStable: more.stable ?? false,
});

/** A heartbeat of a member of KIP-848's protocol. */
export const heartbeat = (groupId, memberId, memberEpoch, more = {}) => ({
  groupId,
  memberId,
  memberEpoch,
  instanceId: more.instance ?? null,
  rackId: null,
  rebalanceTimeoutMs: more.rebalanceTimeoutMs ?? (memberEpoch === 0 ? 10_000 : -1),
  subscribedTopicNames:
    more.topics === undefined ? (memberEpoch === 0 ? ['t'] : null) : more.topics,
  subscribedTopicRegex: more.regex ?? null,
  serverAssignor: more.assignor ?? null,
  topicPartitions: more.owned ?? (memberEpoch === 0 ? [] : null),
});
