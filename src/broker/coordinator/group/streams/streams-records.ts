import type { StreamsMemberFacts, StreamsMemberProgress } from './streams-member.js';
import type { TargetTasks } from './tasks.js';
import type { KeyValue, Topology } from './topology.js';

/** What a streams group writes down; the numbers are the key versions in `__consumer_offsets`. */
export type StreamsGroupRecord =
  /** 17 */
  | {
      readonly kind: 'streams-group';
      readonly groupId: string;
      readonly value: StoredStreamsGroup | null;
    }
  /** 19 */
  | {
      readonly kind: 'streams-member';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: StreamsMemberFacts | null;
    }
  /** 20 */
  | {
      readonly kind: 'streams-target-epoch';
      readonly groupId: string;
      /** When the target was computed, wall clock; 0 where the log does not say. */
      readonly value: { readonly epoch: number; readonly timestamp: number } | null;
    }
  /** 21 */
  | {
      readonly kind: 'streams-target';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: TargetTasks | null;
    }
  /** 22 */
  | {
      readonly kind: 'streams-progress';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: StreamsMemberProgress | null;
    }
  /** 23 */
  | {
      readonly kind: 'streams-topology';
      readonly groupId: string;
      readonly value: Topology | null;
    };

export interface StoredStreamsGroup {
  readonly epoch: number;
  readonly metadataHash: bigint;
  /** The epoch of the topology whose topics were all there; -1 when some were not. */
  readonly validatedTopologyEpoch: number;
  /** What the assignor was told last, in the order of the keys. */
  readonly assignmentConfigs: readonly KeyValue[];
}
