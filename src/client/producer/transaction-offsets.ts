/** An offset that a transaction commits: the next one to read. */
export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Leader epoch of the record before it, for truncation detection. */
  readonly leaderEpoch?: number | undefined;
  /** Up to 4096 bytes that come back with the offset. */
  readonly metadata?: string | undefined;
}

/**
 * In whose name offsets are committed. The coordinator refuses what a member of an older
 * generation commits, which is what keeps two members from doing the same work (KIP-447).
 */
export interface GroupMetadata {
  readonly groupId: string;
  /** Generation of the classic protocol, member epoch of KIP-848; -1 outside a generation. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** What a transaction commits for a group. */
export interface TransactionOffsets {
  readonly groupId: string;
  readonly offsets: readonly OffsetToCommit[];
  /** Default: nobody's, which the coordinator takes only while the group has no members. */
  readonly metadata?: Omit<GroupMetadata, 'groupId'> | undefined;
}

/** Whoever knows what it has handed out, and in whose name to commit it: a consumer. */
export interface OffsetSource<W> {
  /**
   * Offsets behind `what`, or behind everything handed out. Fails with ILLEGAL_GENERATION when
   * a partition of it belongs to others by now.
   */
  offsetsToCommit(what?: W): TransactionOffsets;
}
