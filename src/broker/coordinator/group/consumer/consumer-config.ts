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
  /** Which groups with members may change from one protocol to the other. */
  readonly migrationPolicy: MigrationPolicy;
}

/** `upgrade`: from classic to consumer groups; `downgrade`: back. */
export type MigrationPolicy = 'disabled' | 'downgrade' | 'upgrade' | 'bidirectional';

/** Reads `group.consumer.migration.policy`, in which upper and lower case do not matter. */
export function migrationPolicyOf(text: string): MigrationPolicy {
  const policy = text.toLowerCase();
  const known = ['disabled', 'downgrade', 'upgrade'] as const;
  return known.find((name) => name === policy) ?? 'bidirectional';
}

/** Kafka's defaults. */
export const consumerGroupDefaults: ConsumerGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5000,
  assignmentIntervalMs: 1000,
  regexRefreshIntervalMs: 600_000,
  sizeMax: 0x7fffffff,
  migrationPolicy: 'bidirectional',
};

/** The times a group may set for itself. */
export type GroupTimes = Partial<
  Pick<ConsumerGroupConfig, 'sessionTimeoutMs' | 'heartbeatIntervalMs' | 'assignmentIntervalMs'>
>;
