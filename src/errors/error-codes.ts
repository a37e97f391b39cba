/**
 * The table of error codes that client and broker share: Kafka's numbers and names, whether the
 * same request may succeed when sent again, and what the code means in one sentence.
 * Numbers, names and retriability follow Kafka's `Errors` class; the sentences are our own.
 *
 * Codes with a null number never travel on the wire: they are kafkit's own.
 */
type Row = readonly [number: number | null, name: string, flags: '' | 'r' | 'rm', text: string];

// 'r' = retriable, 'rm' = retriable once metadata (or the coordinator) has been looked up again.
export const errorTable = [
  [-1, 'UNKNOWN_SERVER_ERROR', '', 'The broker failed in a way it did not foresee.'],
  [0, 'NONE', '', 'No error.'],
  [1, 'OFFSET_OUT_OF_RANGE', '', 'The offset lies outside what the partition holds.'],
  [2, 'CORRUPT_MESSAGE', 'r', 'The batch is damaged: its checksum, size or magic is wrong.'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'rm', 'The broker does not host this topic or partition.'],
  [4, 'INVALID_FETCH_SIZE', '', 'The fetch size is not usable.'],
  [5, 'LEADER_NOT_AVAILABLE', 'rm', 'The partition has no leader at the moment.'],
  [6, 'NOT_LEADER_OR_FOLLOWER', 'rm', 'This broker neither leads nor follows the partition.'],
  [7, 'REQUEST_TIMED_OUT', 'r', 'The request was not finished in time.'],
  [8, 'BROKER_NOT_AVAILABLE', '', 'The broker is not there.'],
  [9, 'REPLICA_NOT_AVAILABLE', 'rm', 'The wanted replica of the partition is not there.'],
  [10, 'MESSAGE_TOO_LARGE', '', 'The batch is larger than the topic accepts (max.message.bytes).'],
  [11, 'STALE_CONTROLLER_EPOCH', '', 'The controller has been replaced by a newer one.'],
  [12, 'OFFSET_METADATA_TOO_LARGE', '', 'The metadata text of the committed offset is too long.'],
  [13, 'NETWORK_EXCEPTION', 'rm', 'The connection broke before an answer came.'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'r', 'The coordinator is still reading its state.'],
  [15, 'COORDINATOR_NOT_AVAILABLE', 'rm', 'There is no coordinator at the moment.'],
  [16, 'NOT_COORDINATOR', 'rm', 'This broker is not the coordinator asked for.'],
  [17, 'INVALID_TOPIC_EXCEPTION', '', 'The topic name is not allowed, or the topic is internal.'],
  [18, 'RECORD_LIST_TOO_LARGE', '', 'The batch does not fit into a log segment.'],
  [19, 'NOT_ENOUGH_REPLICAS', 'r', 'Fewer replicas are in sync than the topic demands.'],
  [
    20,
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'r',
    'Written, but to fewer in-sync replicas than demanded.',
  ],
  [21, 'INVALID_REQUIRED_ACKS', '', 'acks must be 0, 1 or -1 (all).'],
  [22, 'ILLEGAL_GENERATION', '', 'The group has moved on to another generation.'],
  [
    23,
    'INCONSISTENT_GROUP_PROTOCOL',
    '',
    'The member shares no protocol with the rest of the group.',
  ],
  [24, 'INVALID_GROUP_ID', '', 'The group id is empty or not allowed.'],
  [25, 'UNKNOWN_MEMBER_ID', '', 'The coordinator does not know this member.'],
  [26, 'INVALID_SESSION_TIMEOUT', '', 'The session time-out is outside what the broker allows.'],
  [27, 'REBALANCE_IN_PROGRESS', '', 'The group is rebalancing: the member must join again.'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE', '', 'The commit does not fit into the offsets topic.'],
  [29, 'TOPIC_AUTHORIZATION_FAILED', '', 'The principal may not do this to the topic.'],
  [30, 'GROUP_AUTHORIZATION_FAILED', '', 'The principal may not do this to the group.'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', '', 'The principal may not do this to the cluster.'],
  [32, 'INVALID_TIMESTAMP', '', 'The record timestamp is outside the bounds of the topic.'],
  [33, 'UNSUPPORTED_SASL_MECHANISM', '', 'The broker has not enabled this SASL mechanism.'],
  [34, 'ILLEGAL_SASL_STATE', '', 'The request does not fit the state of the authentication.'],
  [35, 'UNSUPPORTED_VERSION', '', 'The broker does not serve this version of the API.'],
  [36, 'TOPIC_ALREADY_EXISTS', '', 'A topic with this name exists.'],
  [37, 'INVALID_PARTITIONS', '', 'The number of partitions is not usable.'],
  [38, 'INVALID_REPLICATION_FACTOR', '', 'There are not as many brokers as replicas asked for.'],
  [39, 'INVALID_REPLICA_ASSIGNMENT', '', 'The replica assignment is not usable.'],
  [40, 'INVALID_CONFIG', '', 'A configuration name or value is not usable.'],
  [41, 'NOT_CONTROLLER', 'r', 'This broker is not the controller.'],
  [42, 'INVALID_REQUEST', '', 'The request contradicts itself or lacks something.'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', '', 'The record format on the broker cannot do this.'],
  [44, 'POLICY_VIOLATION', '', 'A policy of the broker forbids this.'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', '', 'The producer sequence has a gap or goes backwards.'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER', '', 'The broker has this batch already.'],
  [47, 'INVALID_PRODUCER_EPOCH', '', 'A newer epoch of the producer has written.'],
  [48, 'INVALID_TXN_STATE', '', 'The transaction is not in a state that allows this.'],
  [
    49,
    'INVALID_PRODUCER_ID_MAPPING',
    '',
    'The producer id does not belong to the transactional id.',
  ],
  [
    50,
    'INVALID_TRANSACTION_TIMEOUT',
    '',
    'The transaction time-out is above transaction.max.timeout.ms.',
  ],
  [51, 'CONCURRENT_TRANSACTIONS', 'r', 'The previous step of the transaction is still under way.'],
  [52, 'TRANSACTION_COORDINATOR_FENCED', '', 'Another transaction coordinator has taken over.'],
  [
    53,
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    '',
    'The principal may not use the transactional id.',
  ],
  [54, 'SECURITY_DISABLED', '', 'The broker has no authorizer.'],
  [55, 'OPERATION_NOT_ATTEMPTED', '', 'Not tried, because another part of the request failed.'],
  [56, 'KAFKA_STORAGE_ERROR', 'rm', 'The disk of the broker failed.'],
  [57, 'LOG_DIR_NOT_FOUND', '', 'The broker has no such log directory.'],
  [58, 'SASL_AUTHENTICATION_FAILED', '', 'The broker refused the credentials.'],
  [59, 'UNKNOWN_PRODUCER_ID', '', 'The broker has nothing left of this producer id.'],
  [60, 'REASSIGNMENT_IN_PROGRESS', '', 'The partition is being reassigned already.'],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', '', 'The broker has delegation tokens switched off.'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', '', 'There is no such delegation token.'],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH', '', 'The delegation token belongs to someone else.'],
  [
    64,
    'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
    '',
    'Tokens need an authenticated, encrypted connection.',
  ],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', '', 'The principal may not use delegation tokens.'],
  [66, 'DELEGATION_TOKEN_EXPIRED', '', 'The delegation token has expired.'],
  [67, 'INVALID_PRINCIPAL_TYPE', '', 'The principal type is not supported.'],
  [68, 'NON_EMPTY_GROUP', '', 'The group still has members.'],
  [69, 'GROUP_ID_NOT_FOUND', '', 'There is no such group.'],
  [70, 'FETCH_SESSION_ID_NOT_FOUND', 'r', 'The broker has dropped the fetch session.'],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'r', 'The fetch session is at another epoch.'],
  [72, 'LISTENER_NOT_FOUND', 'rm', 'The leader has no listener of the kind used here.'],
  [73, 'TOPIC_DELETION_DISABLED', '', 'The broker does not allow topics to be deleted.'],
  [
    74,
    'FENCED_LEADER_EPOCH',
    'rm',
    'The leader epoch of the request is older than the broker has.',
  ],
  [
    75,
    'UNKNOWN_LEADER_EPOCH',
    'r',
    'The leader epoch of the request is newer than the broker has.',
  ],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE', '', 'The request version does not allow this compression.'],
  [77, 'STALE_BROKER_EPOCH', '', 'The broker has registered anew since.'],
  [78, 'OFFSET_NOT_AVAILABLE', 'r', 'The new leader does not know its high watermark yet.'],
  [79, 'MEMBER_ID_REQUIRED', '', 'The member must join again with the id it was given.'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', 'rm', 'The preferred leader cannot lead now.'],
  [81, 'GROUP_MAX_SIZE_REACHED', '', 'The group has as many members as the broker allows.'],
  [82, 'FENCED_INSTANCE_ID', '', 'Another member has taken over this group.instance.id.'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'rm', 'No replica may become leader now.'],
  [84, 'ELECTION_NOT_NEEDED', 'rm', 'The leader is already the one asked for.'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', '', 'There is no reassignment to cancel.'],
  [
    86,
    'GROUP_SUBSCRIBED_TO_TOPIC',
    '',
    'The group is subscribed to the topic, so its offsets stay.',
  ],
  [87, 'INVALID_RECORD', '', 'The broker refused a record: see the reason that came with it.'],
  [88, 'UNSTABLE_OFFSET_COMMIT', 'r', 'An open transaction has offsets pending for the partition.'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'r', 'A quota is used up.'],
  [90, 'PRODUCER_FENCED', '', 'A newer producer with the same transactional id is at work.'],
  [91, 'RESOURCE_NOT_FOUND', '', 'There is no such resource.'],
  [92, 'DUPLICATE_RESOURCE', '', 'The request names the same resource twice.'],
  [93, 'UNACCEPTABLE_CREDENTIAL', '', 'The credential does not meet the rules.'],
  [94, 'INCONSISTENT_VOTER_SET', '', 'The voters of the quorum differ between the two sides.'],
  [95, 'INVALID_UPDATE_VERSION', '', 'The feature level is not possible.'],
  [96, 'FEATURE_UPDATE_FAILED', '', 'The feature levels could not be changed.'],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE', '', 'The forwarded principal could not be read.'],
  [98, 'SNAPSHOT_NOT_FOUND', '', 'There is no such snapshot.'],
  [99, 'POSITION_OUT_OF_RANGE', '', 'The position lies outside the snapshot.'],
  [100, 'UNKNOWN_TOPIC_ID', 'rm', 'The broker knows no topic with this id.'],
  [101, 'DUPLICATE_BROKER_REGISTRATION', '', 'A broker with this id is registered.'],
  [102, 'BROKER_ID_NOT_REGISTERED', '', 'No broker with this id is registered.'],
  [103, 'INCONSISTENT_TOPIC_ID', 'rm', 'The topic id differs from the one in the log.'],
  [104, 'INCONSISTENT_CLUSTER_ID', '', 'The cluster id is another one.'],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', '', 'There is no such transactional id.'],
  [
    106,
    'FETCH_SESSION_TOPIC_ID_ERROR',
    'r',
    'Topic names and topic ids are mixed in the fetch session.',
  ],
  [107, 'INELIGIBLE_REPLICA', '', 'The replica may not join the in-sync replicas.'],
  [108, 'NEW_LEADER_ELECTED', '', 'Another leader was elected by this change.'],
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', '', 'The offset has moved to tiered storage.'],
  [110, 'FENCED_MEMBER_EPOCH', '', 'The member must give up its partitions and join again.'],
  [111, 'UNRELEASED_INSTANCE_ID', '', 'Another member still holds this group.instance.id.'],
  [112, 'UNSUPPORTED_ASSIGNOR', '', 'The group does not have this assignor.'],
  [113, 'STALE_MEMBER_EPOCH', '', 'The member must learn its new epoch and try again.'],
  [114, 'MISMATCHED_ENDPOINT_TYPE', '', 'The request went to the wrong kind of endpoint.'],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', '', 'The endpoint type is not supported.'],
  [116, 'UNKNOWN_CONTROLLER_ID', '', 'There is no such controller.'],
  [117, 'UNKNOWN_SUBSCRIPTION_ID', '', 'The telemetry subscription is outdated.'],
  [118, 'TELEMETRY_TOO_LARGE', '', 'The telemetry push is too large.'],
  [119, 'INVALID_REGISTRATION', '', 'The broker registration is not valid.'],
  [
    120,
    'TRANSACTION_ABORTABLE',
    '',
    'The transaction must be aborted; the producer may go on after.',
  ],
  [
    121,
    'INVALID_RECORD_STATE',
    '',
    'The record is not in a state that allows this acknowledgement.',
  ],
  [122, 'SHARE_SESSION_NOT_FOUND', 'r', 'The broker has dropped the share session.'],
  [123, 'INVALID_SHARE_SESSION_EPOCH', 'r', 'The share session is at another epoch.'],
  [124, 'FENCED_STATE_EPOCH', '', 'The state epoch of the share partition is outdated.'],
  [125, 'INVALID_VOTER_KEY', '', 'The voter key does not fit the replica.'],
  [126, 'DUPLICATE_VOTER', '', 'The voter belongs to the quorum already.'],
  [127, 'VOTER_NOT_FOUND', '', 'The quorum has no such voter.'],
  [128, 'INVALID_REGULAR_EXPRESSION', '', 'The regular expression is not valid.'],
  [129, 'REBOOTSTRAP_REQUIRED', '', 'The client must start again from its bootstrap servers.'],
  [130, 'STREAMS_INVALID_TOPOLOGY', '', 'The streams topology is not valid.'],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH', '', 'The topology epoch is not valid.'],
  [132, 'STREAMS_TOPOLOGY_FENCED', '', 'The topology epoch is outdated.'],
  [133, 'SHARE_SESSION_LIMIT_REACHED', 'r', 'The broker has as many share sessions as it allows.'],
  [134, 'GROUP_DELETION_FAILED', '', 'The group could not be deleted.'],
  [
    135,
    'STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED',
    '',
    'The topology description was not stored.',
  ],
  [136, 'CONTROLLER_ID_NOT_REGISTERED', '', 'No controller with this id is registered.'],
  // kafkit's own, never on the wire.
  [null, 'INVALID_ARGUMENT', '', 'An argument or option is not usable.'],
  [null, 'MALFORMED_MESSAGE', '', 'The bytes are not a message of the expected shape.'],
  [null, 'VALUE_OUT_OF_RANGE', '', 'A value does not fit the field or the number it must become.'],
  [null, 'FRAME_TOO_LARGE', '', 'The other side announced a frame above the limit.'],
  [null, 'CONNECTION_REFUSED', 'rm', 'Nothing accepts connections at that address.'],
  [null, 'CONNECTION_CLOSED', 'rm', 'The connection was closed.'],
  [null, 'CONNECTION_TIMED_OUT', 'rm', 'The connection was not established in time.'],
  [null, 'REQUEST_TIMEOUT', 'rm', 'The broker did not answer in time.'],
  [null, 'DELIVERY_TIMEOUT', '', 'The record was not acknowledged within the delivery time-out.'],
  [null, 'BUFFER_FULL', '', 'The buffer memory of the producer stayed full too long.'],
  [null, 'CLOSED', '', 'The object has been closed.'],
  [null, 'ABORTED', '', 'The caller gave up (AbortSignal).'],
  [null, 'METADATA_TIMEOUT', 'r', 'Metadata for the topic did not arrive in time.'],
  [null, 'NO_OFFSET', '', 'There is no committed offset, and offsetReset is none.'],
  [null, 'CODEC_MISSING', '', 'The library for this compression is not installed.'],
  [null, 'DECOMPRESSION_FAILED', '', 'The compressed data is damaged.'],
  [null, 'DECOMPRESSION_TOO_LARGE', '', 'The data grows above the limit when decompressed.'],
  [null, 'SERIALIZATION_FAILED', '', 'A key or value could not be turned into bytes.'],
  [null, 'DESERIALIZATION_FAILED', '', 'The bytes of a key or value could not be read.'],
  [null, 'DISK_FULL', 'r', 'No space is left on the disk.'],
  [null, 'DISK_ERROR', '', 'Reading or writing a file failed.'],
  [null, 'DATA_DIRECTORY_LOCKED', '', 'Another process uses the data directory.'],
  [null, 'DATA_DIRECTORY_INVALID', '', 'The data directory cannot be used as it is.'],
  [null, 'LOG_CORRUPTED', '', 'Data that was on disk safely is damaged now.'],
  [null, 'ADDRESS_IN_USE', '', 'Another program listens on the address.'],
  [null, 'POLL_TIMEOUT', '', 'The application did not ask for records within maxPollIntervalMs.'],
  [null, 'PACKAGE_MISSING', '', 'An optional package that this needs is not installed.'],
  [null, 'SINK_FAILED', 'r', 'The place that records are written to failed.'],
  [null, 'SOURCE_FAILED', 'r', 'The place that records are read from failed.'],
  [null, 'RECORD_REJECTED', '', 'A record could not be converted, transformed or written.'],
] as const satisfies readonly Row[];

/** The name of an error: Kafka's own, or one of kafkit's that never travel. */
export type ErrorCode = (typeof errorTable)[number][1];

export interface ErrorCodeFacts {
  readonly code: ErrorCode;
  /** Kafka's number, or null for a code of kafkit's own. */
  readonly errno: number | null;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  /** Whether metadata or the coordinator should be looked up before trying again. */
  readonly refreshMetadata: boolean;
  readonly text: string;
}

const byName = new Map<string, ErrorCodeFacts>();
const byNumber = new Map<number, ErrorCodeFacts>();
for (const [errno, code, flags, text] of errorTable) {
  const retriable = flags !== '';
  const facts = { code, errno, retriable, refreshMetadata: flags === 'rm', text };
  byName.set(code, facts);
  if (errno !== null) byNumber.set(errno, facts);
}

/** Facts of a code by its name. */
export function errorFacts(code: ErrorCode): ErrorCodeFacts {
  const facts = byName.get(code);
  if (facts === undefined) throw new RangeError(`no error code ${code}`);
  return facts;
}

/** The name behind a number from the wire; a number no table knows is UNKNOWN_SERVER_ERROR. */
export function errorCodeOf(errno: number): ErrorCode {
  return byNumber.get(errno)?.code ?? 'UNKNOWN_SERVER_ERROR';
}

/** Kafka's number of a code; codes of kafkit's own travel as UNKNOWN_SERVER_ERROR (-1). */
export function errnoOf(code: ErrorCode): number {
  return errorFacts(code).errno ?? -1;
}
