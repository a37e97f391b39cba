/**
 * Records of the metadata log: features, producer ids, transactions of the log itself.
 */
import {
  type Decoded,
  type Input,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';

export const featureLevelRecord = message(
  'FeatureLevelRecord',
  { key: 12, versions: [0, 0], flexible: 0 },
  {
    name: string,
    featureLevel: int16,
  },
);

export const producerIdsRecord = message(
  'ProducerIdsRecord',
  { key: 15, versions: [0, 0], flexible: 0 },
  {
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    nextProducerId: int64,
  },
);

export const noOpRecord = message('NoOpRecord', { key: 20, versions: [0, 0], flexible: 0 }, {});

export const beginTransactionRecord = message(
  'BeginTransactionRecord',
  { key: 23, versions: [0, 0], flexible: 0 },
  {
    name: string.nullable().tag(0).default(null),
  },
);

export const endTransactionRecord = message(
  'EndTransactionRecord',
  { key: 24, versions: [0, 0], flexible: 0 },
  {},
);

export const abortTransactionRecord = message(
  'AbortTransactionRecord',
  { key: 25, versions: [0, 0], flexible: 0 },
  {
    reason: string.nullable().tag(0).default(null),
  },
);

export const zkMigrationStateRecord = message(
  'ZkMigrationStateRecord',
  { key: 21, versions: [0, 0], flexible: 0 },
  {
    zkMigrationState: int8,
  },
);

export interface FeatureLevelRecord extends Input<typeof featureLevelRecord> {}
export interface FeatureLevelRecordDecoded extends Decoded<typeof featureLevelRecord> {}
export interface ProducerIdsRecord extends Input<typeof producerIdsRecord> {}
export interface ProducerIdsRecordDecoded extends Decoded<typeof producerIdsRecord> {}
export interface NoOpRecord extends Input<typeof noOpRecord> {}
export interface NoOpRecordDecoded extends Decoded<typeof noOpRecord> {}
export interface BeginTransactionRecord extends Input<typeof beginTransactionRecord> {}
export interface BeginTransactionRecordDecoded extends Decoded<typeof beginTransactionRecord> {}
export interface EndTransactionRecord extends Input<typeof endTransactionRecord> {}
export interface EndTransactionRecordDecoded extends Decoded<typeof endTransactionRecord> {}
export interface AbortTransactionRecord extends Input<typeof abortTransactionRecord> {}
export interface AbortTransactionRecordDecoded extends Decoded<typeof abortTransactionRecord> {}
export interface ZkMigrationStateRecord extends Input<typeof zkMigrationStateRecord> {}
export interface ZkMigrationStateRecordDecoded extends Decoded<typeof zkMigrationStateRecord> {}
