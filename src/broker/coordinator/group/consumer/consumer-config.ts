/** What consumer groups want to know of the broker's configuration. Times in milliseconds. */
export interface ConsumerGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** A new target is computed at most this often. */
  readonly assignmentIntervalMs: number;
  /** How often regular expressions are resolved anew when no topic has come or gone. */
  readonly regexRefreshIntervalMs: number;
  /** Members a group may have. */
  readonly sizeMax: number;
}

/** Kafka's defaults. */
export const consumerGroupDefaults: ConsumerGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5000,
  assignmentIntervalMs: 1000,
  regexRefreshIntervalMs: 600_000,
  sizeMax: 0x7fffffff,
};

/** The times a group may set for itself. */
export type GroupTimes = Partial<
  Pick<ConsumerGroupConfig, 'sessionTimeoutMs' | 'heartbeatIntervalMs' | 'assignmentIntervalMs'>
>;
