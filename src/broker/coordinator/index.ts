/**
 * Coordinators: who keeps consumer groups with their offsets, and transactions. A coordinator
 * knows groups, members, generations, producers and time-outs, and the records that say so in
 * `__consumer_offsets` and `__transaction_state`; it is a machine that can be replayed (`group/`,
 * `transaction/`), run by `runtime/`. It must not know connections, segments or
 * the versions of requests: handlers translate, an InternalTopic writes.
 */
export { GroupCoordinator, type GroupCoordinatorParts } from './group-coordinator.js';
export type { GroupTimes } from './group/consumer/consumer-config.js';
export type { StreamsGroupSettings } from './group/streams/streams-config.js';
export type {
  StreamsGroupDescription,
  StreamsHeartbeat,
  StreamsHeartbeatAnswer,
} from './group/streams/streams-messages.js';
export type {
  ConsumerGroupDescription,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
} from './group/consumer/consumer-messages.js';
export type {
  DeletedGroup,
  FetchedOffset,
  GroupDescription,
  GroupFilter,
  GroupListing,
  Heartbeat,
  HeartbeatAnswer,
  JoinGroup,
  JoinGroupAnswer,
  LeaveGroup,
  LeaveGroupAnswer,
  OffsetCommit,
  OffsetCommitAnswer,
  OffsetDelete,
  OffsetDeleteAnswer,
  OffsetFetch,
  OffsetFetchAnswer,
  RequestOrigin,
  SyncGroup,
  SyncGroupAnswer,
  TransactionalOffsetCommit,
} from './group/group-messages.js';
export { ShareCoordinator, type ShareCoordinatorParts } from './share-coordinator.js';
export {
  isRefusal,
  ShareGroupCoordinator,
  type ShareGroupCoordinatorParts,
  type ShareOffsetToSet,
  type ShareRefusal,
} from './share-group-coordinator.js';
export type {
  ShareGroupDescription,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
} from './group/share/share-messages.js';
export type { TransactionMarker } from './runtime/outcome.js';
export type { MarkerLog } from './transaction/marker-writer.js';
export type {
  AddPartitions,
  EndTransaction,
  InitProducer,
  ProducerAnswer,
  ProducerAtEpoch,
  TransactionDescription,
  TransactionListing,
} from './transaction/transaction-messages.js';
export {
  TransactionCoordinator,
  type TransactionCoordinatorParts,
} from './transaction-coordinator.js';
