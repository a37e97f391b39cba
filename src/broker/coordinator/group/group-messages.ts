/**
 * What group members ask and are answered, free of versions: the field names are those of the
 * protocol, so that handlers have little to translate. Error codes are Kafka's numbers.
 */

/** Where a request came from. */
export interface RequestOrigin {
  readonly clientId: string | null;
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string;
  /** The version of the API, for the few rules that depend on it. */
  readonly version: number;
}

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinGroup {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** -1 before version 1: the session time-out counts then. */
  readonly rebalanceTimeoutMs: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinGroupAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  readonly members: readonly JoinedMember[];
}

export interface SyncGroup {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Null before version 5, and where the member leaves it out: then it is not compared. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncGroupAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

export interface Heartbeat {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface HeartbeatAnswer {
  readonly errorCode: number;
}

export interface LeavingMember {
  /** Empty when an administrator removes a static member by its instance id. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly reason?: string | null | undefined;
}

export interface LeaveGroup {
  readonly groupId: string;
  readonly members: readonly LeavingMember[];
}

export interface LeaveGroupAnswer {
  readonly errorCode: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly errorCode: number;
  }[];
}

export interface OffsetToCommit {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly committedMetadata: string | null;
}

/** Partitions of a topic that exists. */
export interface TopicToCommit {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly OffsetToCommit[];
}

/** Offsets that count when the producer's transaction commits (TxnOffsetCommit). */
export interface TransactionalOffsetCommit {
  readonly groupId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 from consumers that do not say it. */
  readonly generationIdOrMemberEpoch: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly TopicToCommit[];
}

export interface OffsetCommit {
  readonly groupId: string;
  readonly generationIdOrMemberEpoch: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** How long the offset lives in milliseconds (versions 2 to 4); -1: as the broker says. */
  readonly retentionTimeMs: number;
  readonly topics: readonly TopicToCommit[];
}

/** Error codes in the order of the request's topics and partitions. */
export interface OffsetCommitAnswer {
  readonly errorCodes: readonly (readonly number[])[];
}

export interface OffsetFetch {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  /** Null: everything the group has committed. */
  readonly topics:
    | readonly {
        readonly name: string;
        /** Where given, an offset of an older topic of the same name does not count. */
        readonly topicId?: string | undefined;
        readonly partitionIndexes: readonly number[];
      }[]
    | null;
  readonly requireStable: boolean;
}

export interface FetchedOffset {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface OffsetFetchAnswer {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly FetchedOffset[];
  }[];
}

export interface OffsetDelete {
  readonly groupId: string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number }[];
  }[];
}

export interface OffsetDeleteAnswer {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
    }[];
  }[];
}

export interface GroupDescription {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Buffer;
    readonly memberAssignment: Buffer;
  }[];
}

export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: string;
}

export interface GroupFilter {
  /** Empty: groups of every state. Upper and lower case do not matter. */
  readonly states: readonly string[];
  /** Empty: groups of every type. */
  readonly types: readonly string[];
}

export interface DeletedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}
