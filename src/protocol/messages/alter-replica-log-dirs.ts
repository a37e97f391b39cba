/**
 * AlterReplicaLogDirs: moves replicas between the log directories of a broker.
 *
 * Versions:
 * - 2: flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const alterReplicaLogDirsRequest = message(
  'AlterReplicaLogDirsRequest',
  apis.AlterReplicaLogDirs,
  {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
);

export const alterReplicaLogDirsResponse = message(
  'AlterReplicaLogDirsResponse',
  apis.AlterReplicaLogDirs,
  {
    throttleTimeMs: int32.default(0),
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
);

export interface AlterReplicaLogDirsRequest extends Input<typeof alterReplicaLogDirsRequest> {}
export interface AlterReplicaLogDirsRequestDecoded
  extends Decoded<typeof alterReplicaLogDirsRequest> {}
export interface AlterReplicaLogDirsResponse extends Input<typeof alterReplicaLogDirsResponse> {}
export interface AlterReplicaLogDirsResponseDecoded
  extends Decoded<typeof alterReplicaLogDirsResponse> {}

export interface AlterReplicaLogDirsMessages {
  request: AlterReplicaLogDirsRequest;
  requestDecoded: AlterReplicaLogDirsRequestDecoded;
  response: AlterReplicaLogDirsResponse;
  responseDecoded: AlterReplicaLogDirsResponseDecoded;
}
