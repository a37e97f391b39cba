/** What a group may be told beside its assignment; the numbers are the protocol's. */
export const statusCode = {
  STALE_TOPOLOGY: 0,
  MISSING_SOURCE_TOPICS: 1,
  INCORRECTLY_PARTITIONED_TOPICS: 2,
  MISSING_INTERNAL_TOPICS: 3,
  SHUTDOWN_APPLICATION: 4,
  ASSIGNMENT_DELAYED: 5,
} as const;

export type StatusName = keyof typeof statusCode;

export interface Status {
  readonly statusCode: number;
  readonly statusDetail: string;
}

export function statusOf(name: StatusName, statusDetail: string): Status {
  return { statusCode: statusCode[name], statusDetail };
}

/** Why a topology cannot run on the topics there are: told to the members, and no error. */
export class TopicProblem extends Error {
  readonly status: Status;

  constructor(name: StatusName, detail: string) {
    super(detail);
    this.status = statusOf(name, detail);
  }
}
