/**
 * DescribeLogDirs: the log directories of a broker and the size of what they hold.
 *
 * Versions:
 * - 2: flexible.
 * - 3: the response adds errorCode.
 * - 4: the response adds totalBytes, usableBytes; KIP-827.
 * - 5: the response adds isCordoned; KIP-1066.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const describeLogDirsRequest = message('DescribeLogDirsRequest', apis.DescribeLogDirs, {
  topics: array({
    topic: string,
    partitions: array(int32),
  }).nullable(),
});

export const describeLogDirsResponse = message('DescribeLogDirsResponse', apis.DescribeLogDirs, {
  throttleTimeMs: int32.default(0),
  errorCode: int16.since(3).ignorable(),
  results: array({
    errorCode: int16,
    logDir: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        partitionSize: int64,
        offsetLag: int64,
        isFutureKey: boolean,
      }),
    }),
    totalBytes: int64.since(4).default(-1).ignorable(),
    usableBytes: int64.since(4).default(-1).ignorable(),
    isCordoned: boolean.since(5).default(false).ignorable(),
  }),
});

export interface DescribeLogDirsRequest extends Input<typeof describeLogDirsRequest> {}
export interface DescribeLogDirsRequestDecoded extends Decoded<typeof describeLogDirsRequest> {}
export interface DescribeLogDirsResponse extends Input<typeof describeLogDirsResponse> {}
export interface DescribeLogDirsResponseDecoded extends Decoded<typeof describeLogDirsResponse> {}

export interface DescribeLogDirsMessages {
  request: DescribeLogDirsRequest;
  requestDecoded: DescribeLogDirsRequestDecoded;
  response: DescribeLogDirsResponse;
  responseDecoded: DescribeLogDirsResponseDecoded;
}
