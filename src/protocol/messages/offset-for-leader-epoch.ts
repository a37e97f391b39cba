/**
 * OffsetForLeaderEpoch: where the records of a leader epoch end, to detect truncated logs
 * (KIP-101, KIP-320).
 *
 * Versions:
 * - 3: adds replicaId; -2, the default, is a consumer that may look beyond the high watermark.
 * - 4: flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const offsetForLeaderEpochRequest = message(
  'OffsetForLeaderEpochRequest',
  apis.OffsetForLeaderEpoch,
  {
    replicaId: int32.since(3).default(-2).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.default(-1),
        leaderEpoch: int32,
      }),
    }),
  },
);

export const offsetForLeaderEpochResponse = message(
  'OffsetForLeaderEpochResponse',
  apis.OffsetForLeaderEpoch,
  {
    throttleTimeMs: int32.default(0),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.default(-1),
        endOffset: int64.default(-1),
      }),
    }),
  },
);

export interface OffsetForLeaderEpochRequest extends Input<typeof offsetForLeaderEpochRequest> {}
export interface OffsetForLeaderEpochRequestDecoded
  extends Decoded<typeof offsetForLeaderEpochRequest> {}
export interface OffsetForLeaderEpochResponse extends Input<typeof offsetForLeaderEpochResponse> {}
export interface OffsetForLeaderEpochResponseDecoded
  extends Decoded<typeof offsetForLeaderEpochResponse> {}

export interface OffsetForLeaderEpochMessages {
  request: OffsetForLeaderEpochRequest;
  requestDecoded: OffsetForLeaderEpochRequestDecoded;
  response: OffsetForLeaderEpochResponse;
  responseDecoded: OffsetForLeaderEpochResponseDecoded;
}
