/**
 * Coordinators: who keeps consumer groups and their offsets. A coordinator knows groups, members,
 * generations and time-outs, and the records that say so in `__consumer_offsets`; it is a machine
 * that can be replayed (`group/`), run by `runtime/`. It must not know connections, segments or
 * the versions of requests: handlers translate, an InternalTopic writes.
 */
export { GroupCoordinator, type GroupCoordinatorParts } from './group-coordinator.js';
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
} from './group/group-messages.js';
