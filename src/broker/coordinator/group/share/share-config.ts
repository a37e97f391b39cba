/** What share groups want to know of the broker's configuration. Times in milliseconds. */
export interface ShareGroupConfig {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** A new target is computed at most this often. */
  readonly assignmentIntervalMs: number;
  /** Members a group may have. */
  readonly sizeMax: number;
}

/** Kafka's defaults. */
export const shareGroupDefaults: ShareGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5000,
  assignmentIntervalMs: 1000,
  sizeMax: 200,
};

/** The times a share group may set for itself. */
export type ShareGroupTimes = Partial<
  Pick<ShareGroupConfig, 'sessionTimeoutMs' | 'heartbeatIntervalMs' | 'assignmentIntervalMs'>
>;
