/**
 * Consumer: reading records, alone or as a member of a group, or sharing them with others in a
 * share group (`share/`). Knows subscriptions, positions,
 * fetches, commits and rebalances; who leads a partition or coordinates a group it asks the
 * cluster; how bytes become values it leaves to serde. Knows nothing of producing.
 */
export type { Assignments, Assignor, AssignorMember } from './assignors/assignor.js';
export { type CloseOptions, Consumer } from './consumer.js';
export type { GroupMembershipOperation } from './membership.js';
export type { TopicPartitionOffset } from './group-offsets.js';
export type { CommitOptions, Committable } from './offset-commits.js';
export type { ConsumerInterceptor } from './consumer-interceptors.js';
export type { ConsumerBatch } from './consumer-batch.js';
export type { ConsumerHealth, ConsumerState, PartitionHealth } from './consumer-health.js';
export type {
  AssignorName,
  ConsumerOptions,
  GroupProtocol,
  OffsetReset,
  RebalanceHook,
  TopicPartition,
} from './consumer-options.js';
export type { PartitionStream } from './partition-stream.js';
export type { RunOptions } from './run-loops.js';
export type {
  ConsumedBatch,
  ConsumedRecord,
  ConsumedStream,
  ConsumedTopics,
  ConsumerArguments,
  TopicConsumerOptions,
} from './topic-records.js';
export { ConsumerRecord, RecordHeaders } from './consumer-record.js';
export { ShareBatch } from './share/share-batch.js';
export { ShareConsumer } from './share/share-consumer.js';
export { isShareConsumerOption } from './share/share-consumer-settings.js';
export type {
  SharedBatch,
  SharedRecord,
  ShareConsumerArguments,
  TopicShareConsumerOptions,
} from './share/share-topic-records.js';
export type { ShareConsumerHealth, ShareConsumerState } from './share/share-consumer-health.js';
export type {
  AcknowledgementResult,
  AcknowledgeType,
  ShareAcquireMode,
  ShareConsumerOptions,
} from './share/share-consumer-options.js';
export { ShareRecord } from './share/share-record.js';
