export interface JournalEntry {
  readonly kind: string;
  readonly at?: number;
  readonly [fact: string]: unknown;
}

export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
}

/** One sentence for each finding. */
export function check(what: {
  readonly entries: readonly JournalEntry[];
  readonly stored: readonly StoredRecord[];
  readonly names: { readonly data: string; readonly copies: string; readonly pairs: string };
  readonly allows?: {
    readonly otherTopic?: boolean;
    readonly movedKeys?: boolean;
    readonly failures?: readonly string[];
  };
}): string[];
