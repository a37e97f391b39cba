import type { Assignment } from './assignment.js';
import type { MemberFacts, MemberProgress } from './consumer-member.js';

/** What a consumer group writes down; the numbers are the key versions in `__consumer_offsets`. */
export type ConsumerGroupRecord =
  /** 3 */
  | {
      readonly kind: 'consumer-group';
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    }
  /** 5 */
  | {
      readonly kind: 'consumer-member';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: MemberFacts | null;
    }
  /** 6 */
  | {
      readonly kind: 'consumer-target-epoch';
      readonly groupId: string;
      /** When the target was computed, wall clock; 0 where the log does not say. */
      readonly value: { readonly epoch: number; readonly timestamp: number } | null;
    }
  /** 7 */
  | {
      readonly kind: 'consumer-target';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: Assignment | null;
    }
  /** 8 */
  | {
      readonly kind: 'consumer-progress';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: MemberProgress | null;
    }
  /** 16 */
  | {
      readonly kind: 'consumer-regex';
      readonly groupId: string;
      readonly regex: string;
      readonly value: ResolvedRegex | null;
    };

/** The topics a regular expression has matched. */
export interface ResolvedRegex {
  /** In the order of their characters. */
  readonly topics: readonly string[];
  /** Grows with the topics of the cluster. */
  readonly version: number;
  /** Wall clock. */
  readonly timestamp: number;
}
