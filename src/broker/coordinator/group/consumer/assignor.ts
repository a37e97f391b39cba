import type { Assignment } from './assignment.js';
import { assignRange } from './range-assignor.js';
import { assignUniform } from './uniform-assignor.js';

/** A member as an assignor sees it. */
export interface AssignorMember {
  readonly memberId: string;
  /** Ids of topics that exist. */
  readonly topicIds: ReadonlySet<string>;
  /** What it was to have until now. */
  readonly current: Assignment;
}

export interface AssignorInput {
  readonly members: readonly AssignorMember[];
  readonly partitionCountOf: (topicId: string) => number;
}

/** Who shall have what, by member id; members that get nothing may be left out. */
export type Assignor = (input: AssignorInput) => ReadonlyMap<string, Assignment>;

/** The assignors of the server, in the order in which Kafka names them. */
export const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', assignUniform],
  ['range', assignRange],
]);
