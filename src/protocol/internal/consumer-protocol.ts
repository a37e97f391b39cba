/**
 * ConsumerProtocol: what the members of a classic consumer group tell each other: topics and owned
 * partitions on the way to the leader, assigned partitions on the way back. The bytes travel in
 * JoinGroup and SyncGroup, which do not look inside.
 *
 * - ConsumerProtocolSubscription 1: adds ownedPartitions.
 * - ConsumerProtocolSubscription 2: adds generationId.
 * - ConsumerProtocolSubscription 3: adds rackId.
 * - ConsumerProtocolAssignment 1: the number follows the subscription's.
 * - ConsumerProtocolAssignment 2: the number follows the subscription's.
 * - ConsumerProtocolAssignment 3: the number follows the subscription's.
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int32,
  message,
  string,
} from '../../schema/index.js';

export const consumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  { key: 0, versions: [0, 3], flexible: null },
  {
    topics: array(string),
    userData: bytes.nullable().default(null),
    ownedPartitions: array({
      topic: string,
      partitions: array(int32),
    })
      .since(1)
      .ignorable(),
    generationId: int32.since(2).default(-1).ignorable(),
    rackId: string.nullable().since(3).default(null).ignorable(),
  },
);

export const consumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { key: 0, versions: [0, 3], flexible: null },
  {
    assignedPartitions: array({
      topic: string,
      partitions: array(int32),
    }),
    userData: bytes.nullable().default(null),
  },
);

export interface ConsumerProtocolSubscription extends Input<typeof consumerProtocolSubscription> {}
export interface ConsumerProtocolSubscriptionDecoded
  extends Decoded<typeof consumerProtocolSubscription> {}
export interface ConsumerProtocolAssignment extends Input<typeof consumerProtocolAssignment> {}
export interface ConsumerProtocolAssignmentDecoded
  extends Decoded<typeof consumerProtocolAssignment> {}
