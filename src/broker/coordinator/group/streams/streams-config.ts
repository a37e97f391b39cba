/** What streams groups want to know of the broker's configuration. Times in milliseconds. */
export interface StreamsGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** A new target is computed at most this often. */
  readonly assignmentIntervalMs: number;
  /** How long a new group waits for more members before its first target. */
  readonly initialRebalanceDelayMs: number;
  /** Copies of each stateful task beside the active one. */
  readonly standbyReplicas: number;
  /** Members tell at most this often how far the state on their disks is. */
  readonly taskOffsetIntervalMs: number;
  /** Members a group may have. */
  readonly sizeMax: number;
}

/** Kafka's defaults. */
export const streamsGroupDefaults: StreamsGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5000,
  assignmentIntervalMs: 1000,
  initialRebalanceDelayMs: 3000,
  standbyReplicas: 0,
  taskOffsetIntervalMs: 60_000,
  sizeMax: 0x7fffffff,
};

/** What a group may set for itself. */
export type StreamsGroupSettings = Partial<Omit<StreamsGroupConfig, 'sizeMax'>>;
