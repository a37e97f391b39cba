/** What everybody in the broker may know of a topic. */
export interface TopicFacts {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly id: string;
  readonly partitionCount: number;
  /** `__consumer_offsets` and its like: clients may read but not write it. */
  readonly internal: boolean;
}

/** Looking topics up, by name and by id, without the power to change them. */
export interface TopicLookup {
  /** Moves when a topic is created, deleted or grows. */
  readonly version: number;
  all(): readonly TopicFacts[];
  byName(name: string): TopicFacts | undefined;
  byId(id: string): TopicFacts | undefined;
  /** Runs for every topic that is deleted, after it can no longer be found. */
  onDeleted(run: (topic: TopicFacts) => void): void;
}
