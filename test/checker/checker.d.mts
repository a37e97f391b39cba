/** A line of a journal; which facts there are depends on `f`. */
export interface JournalLine {
  readonly at: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly process: string;
  readonly [fact: string]: unknown;
}

/** `[topic-partition, offset, value]` */
export type Placed = readonly [string, number, string];

export interface FinalState {
  readonly all: readonly Placed[];
  readonly committed: readonly Placed[];
  readonly groups?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One sentence for each finding, and how often what is legal in Kafka came to pass. */
export function check(what: {
  readonly entries: readonly JournalLine[];
  readonly final: FinalState;
}): {
  readonly findings: string[];
  readonly legal: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, number>>;
};
