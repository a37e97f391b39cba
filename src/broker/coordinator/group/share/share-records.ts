import type { Assignment } from '../consumer/assignment.js';
import type { ShareMemberFacts, ShareMemberProgress } from './share-member.js';

/** The partitions of one topic. */
export interface SharedTopic {
  readonly name: string;
  /** Ascending. */
  readonly partitions: readonly number[];
}

/**
 * For which partitions the group has a state in `__share_group_state`, by topic id. A partition is
 * put down as initializing before its state is made and as initialized when it is there; a topic as
 * deleting before its states are taken away. So a crash in between leaves a note of what to do.
 */
export interface ShareTopics {
  readonly initializing: ReadonlyMap<string, SharedTopic>;
  readonly initialized: ReadonlyMap<string, SharedTopic>;
  /** Names by topic id. */
  readonly deleting: ReadonlyMap<string, string>;
}

export const noShareTopics: ShareTopics = {
  initializing: new Map(),
  initialized: new Map(),
  deleting: new Map(),
};

/** What a share group writes down; the numbers are the key versions in `__consumer_offsets`. */
export type ShareGroupRecord =
  /** 10 */
  | {
      readonly kind: 'share-member';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: ShareMemberFacts | null;
    }
  /** 11 */
  | {
      readonly kind: 'share-group';
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    }
  /** 12 */
  | {
      readonly kind: 'share-target-epoch';
      readonly groupId: string;
      /** When the target was computed, wall clock; 0 where the log does not say. */
      readonly value: { readonly epoch: number; readonly timestamp: number } | null;
    }
  /** 13 */
  | {
      readonly kind: 'share-target';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: Assignment | null;
    }
  /** 14 */
  | {
      readonly kind: 'share-progress';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: ShareMemberProgress | null;
    }
  /** 15 */
  | {
      readonly kind: 'share-topics';
      readonly groupId: string;
      readonly value: ShareTopics | null;
    };
