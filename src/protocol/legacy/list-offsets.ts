/**
 * ListOffsets before Kafka 4: version 0 asks for up to `maxNumOffsets` segment starts before a
 * time, and gets a list of offsets in descending order.
 *
 * What later versions have stands here beyond the range, so that the shapes are the same; the two
 * fields that only version 0 has come in addition.
 */
import {
  array,
  type Decoded,
  type Input,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';

const legacyListOffsets = { key: 2, versions: [0, 0], flexible: null } as const;

export const legacyListOffsetsRequest = message('ListOffsetsRequest', legacyListOffsets, {
  replicaId: int32,
  isolationLevel: int8.since(2).ignorable(),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      currentLeaderEpoch: int32.since(4).default(-1).ignorable(),
      timestamp: int64,
      maxNumOffsets: int32.default(1),
    }),
  }),
  timeoutMs: int32.since(10).ignorable(),
});

export const legacyListOffsetsResponse = message('ListOffsetsResponse', legacyListOffsets, {
  throttleTimeMs: int32.since(2).default(0).ignorable(),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      oldStyleOffsets: array(int64).default([]),
      timestamp: int64.since(1).default(-1).ignorable(),
      offset: int64.since(1).default(-1).ignorable(),
      leaderEpoch: int32.since(4).default(-1).ignorable(),
    }),
  }),
});

/** A request of version 0 reads as this: the modern shape and `maxNumOffsets`. */
export interface LegacyListOffsetsRequestDecoded extends Decoded<typeof legacyListOffsetsRequest> {}
/** What to answer version 0 with: the modern shape and `oldStyleOffsets`. */
export interface LegacyListOffsetsResponse extends Input<typeof legacyListOffsetsResponse> {}
