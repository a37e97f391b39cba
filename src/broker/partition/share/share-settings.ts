/** What rules the share partitions of one group (KIP-932). Times in milliseconds. */
export interface ShareSettings {
  /** Where a group begins that has read nothing yet. */
  readonly autoOffsetReset: 'earliest' | 'latest' | { readonly byDurationMs: number };
  readonly readCommitted: boolean;
  /** How often a record is given out before it is put aside. */
  readonly deliveryCountLimit: number;
  /** How long a member has a record to itself. */
  readonly lockDurationMs: number;
  /** Records of a share partition that are given out and not done; no new ones beyond these. */
  readonly recordLocksMax: number;
  /** Whether members may ask for more time (KIP-1222). */
  readonly renewEnabled: boolean;
  /** Where records are noted that nobody takes in (KIP-1191); empty for nowhere. */
  readonly deadLetterTopic: string;
  /** Whether they are copied there, or only told of. */
  readonly copiesDeadLetters: boolean;
}
