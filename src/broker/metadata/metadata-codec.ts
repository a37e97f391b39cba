import { KafkaError } from '../../errors/index.js';
import {
  configRecord,
  decodeMetadataRecord as decodeRecord,
  encodeMetadataRecord as encodeRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord,
} from '../../protocol/internal/index.js';
import type { MetadataRecord } from './metadata-record.js';

/** Whoever hands out producer ids; nobody looks at it on a cluster with one disk. */
const nodeId = 1;

/** The value of a record of the metadata log, as Kafka frames it. */
export function encodeMetadataRecord(record: MetadataRecord): Buffer {
  switch (record.type) {
    case 'topic':
      return encodeRecord(topicRecord, 0, { name: record.name, topicId: record.topicId });
    case 'partition':
      return encodeRecord(partitionRecord, 0, {
        partitionId: record.partition,
        topicId: record.topicId,
        replicas: [...record.replicas],
        isr: [...record.replicas],
        removingReplicas: [],
        addingReplicas: [],
        leader: record.replicas[0] ?? nodeId,
        leaderEpoch: record.leaderEpoch,
        partitionEpoch: 0,
      });
    case 'removeTopic':
      return encodeRecord(removeTopicRecord, 0, { topicId: record.topicId });
    case 'config': {
      const { resourceType, resourceName, name, value } = record;
      return encodeRecord(configRecord, 0, { resourceType, resourceName, name, value });
    }
    case 'producerIds':
      return encodeRecord(producerIdsRecord, 0, {
        brokerId: nodeId,
        nextProducerId: record.nextProducerId,
      });
  }
}

/** Reads what `encodeMetadataRecord` wrote; `path` is for the error. */
export function decodeMetadataRecord(value: Buffer, path: string): MetadataRecord {
  const decoded = decodeRecord(value);
  switch (decoded?.type) {
    case 'topic':
      return { type: 'topic', name: decoded.record.name, topicId: decoded.record.topicId };
    case 'partition': {
      const { partitionId, topicId, leaderEpoch, replicas } = decoded.record;
      return { type: 'partition', topicId, partition: partitionId, leaderEpoch, replicas };
    }
    case 'removeTopic':
      return { type: 'removeTopic', topicId: decoded.record.topicId };
    case 'config': {
      const { resourceType, resourceName, name, value: set } = decoded.record;
      return { type: 'config', resourceType, resourceName, name, value: set };
    }
    case 'producerIds':
      return { type: 'producerIds', nextProducerId: decoded.record.nextProducerId };
    default:
      throw new KafkaError(
        'DATA_DIRECTORY_INVALID',
        'The metadata journal holds a record that this version does not know' +
          `${decoded === undefined ? '' : ` (${decoded.type})`}.`,
        { path, hint: 'Was the directory written by a newer kafkit?' },
      );
  }
}
