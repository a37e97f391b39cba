/** What members of share groups ask and are answered, free of versions. */

export interface ShareTopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** Null where nothing has changed since the member said it last. */
export interface ShareHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly rackId: string | null;
  readonly subscribedTopicNames: readonly string[] | null;
}

export interface ShareHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as before. */
  readonly assignment: { readonly topicPartitions: readonly ShareTopicPartitions[] } | null;
}

/** Partitions whose state has to be made before anybody is given them. */
export interface ShareStateWanted {
  /** The group's epoch, which becomes that of the state. */
  readonly stateEpoch: number;
  readonly topics: readonly ShareTopicPartitions[];
}

export interface ShareHeartbeatResult {
  readonly answer: ShareHeartbeatAnswer;
  readonly wanted: ShareStateWanted | undefined;
  /** The member is gone, and with it what it holds. */
  readonly left: boolean;
}

export interface ShareGroupDescription {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly assignment: {
      readonly topicPartitions: readonly {
        readonly topicId: string;
        readonly topicName: string;
        readonly partitions: readonly number[];
      }[];
    };
  }[];
}
