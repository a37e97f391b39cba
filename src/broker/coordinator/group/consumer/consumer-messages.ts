/** What members of consumer groups ask and are answered, free of versions. */

export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** Null, or −1 for a time, where nothing has changed since the member said it last. */
export interface ConsumerHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What the member owns. */
  readonly topicPartitions: readonly TopicPartitions[] | null;
}

export interface ConsumerHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as before. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

export interface DescribedTopicPartitions extends TopicPartitions {
  readonly topicName: string;
}

interface DescribedAssignment {
  readonly topicPartitions: readonly DescribedTopicPartitions[];
}

export interface ConsumerGroupDescription {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly subscribedTopicRegex: string;
    readonly assignment: DescribedAssignment;
    readonly targetAssignment: DescribedAssignment;
    /** 0: the classic protocol, 1: that of KIP-848. */
    readonly memberType: number;
  }[];
}
