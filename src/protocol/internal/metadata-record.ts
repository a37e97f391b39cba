import { Reader, Writer } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import { codec, type Decoded, type Input, type Message } from '../../schema/index.js';
import {
  abortTransactionRecord,
  beginTransactionRecord,
  endTransactionRecord,
  featureLevelRecord,
  noOpRecord,
  producerIdsRecord,
  zkMigrationStateRecord,
} from './metadata-cluster-records.js';
import {
  brokerRegistrationChangeRecord,
  fenceBrokerRecord,
  registerBrokerRecord,
  registerControllerRecord,
  unfenceBrokerRecord,
  unregisterBrokerRecord,
  unregisterControllerRecord,
} from './metadata-node-records.js';
import {
  accessControlEntryRecord,
  clientQuotaRecord,
  delegationTokenRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeUserScramCredentialRecord,
  userScramCredentialRecord,
} from './metadata-security-records.js';
import {
  clearElrRecord,
  configRecord,
  partitionChangeRecord,
  partitionRecord,
  removeTopicRecord,
  topicRecord,
} from './metadata-topic-records.js';

/** The records of the KRaft metadata log and its snapshots, by key. */
export const metadataRecords = {
  registerBroker: registerBrokerRecord,
  unregisterBroker: unregisterBrokerRecord,
  topic: topicRecord,
  partition: partitionRecord,
  config: configRecord,
  partitionChange: partitionChangeRecord,
  fenceBroker: fenceBrokerRecord,
  unfenceBroker: unfenceBrokerRecord,
  removeTopic: removeTopicRecord,
  delegationToken: delegationTokenRecord,
  userScramCredential: userScramCredentialRecord,
  featureLevel: featureLevelRecord,
  clientQuota: clientQuotaRecord,
  producerIds: producerIdsRecord,
  brokerRegistrationChange: brokerRegistrationChangeRecord,
  accessControlEntry: accessControlEntryRecord,
  removeAccessControlEntry: removeAccessControlEntryRecord,
  noOp: noOpRecord,
  zkMigrationState: zkMigrationStateRecord,
  removeUserScramCredential: removeUserScramCredentialRecord,
  beginTransaction: beginTransactionRecord,
  endTransaction: endTransactionRecord,
  abortTransaction: abortTransactionRecord,
  removeDelegationToken: removeDelegationTokenRecord,
  registerController: registerControllerRecord,
  clearElr: clearElrRecord,
  unregisterController: unregisterControllerRecord,
} as const;

type Records = typeof metadataRecords;
/** A record of the metadata log: `type` says which, so that a `switch` narrows `record`. */
export type MetadataRecord = {
  [T in keyof Records]: {
    readonly type: T;
    readonly version: number;
    readonly record: Decoded<Records[T]>;
  };
}[keyof Records];

/** The only frame version there is; the record's key and version follow, all as varints. */
const frameVersion = 1;

/** The value of a record of the metadata log (its key is null). */
export function encodeMetadataRecord<M extends Message>(
  message: M,
  version: number,
  value: Input<M>,
): Buffer {
  const writer = new Writer(128);
  writer.uvarint(frameVersion);
  writer.uvarint(message.key);
  writer.uvarint(version);
  codec(message, version).encode(writer, value);
  return writer.bytes();
}

/** Reads the value of a record of the metadata log; undefined for a kind of a newer Kafka. */
export function decodeMetadataRecord(bytes: Buffer): MetadataRecord | undefined {
  const reader = new Reader(bytes);
  const frame = reader.uvarint();
  if (frame !== frameVersion) {
    throw new KafkaError('MALFORMED_MESSAGE', `A metadata record has no frame version ${frame}.`);
  }
  const key = reader.uvarint();
  const version = reader.uvarint();
  for (const [type, message] of Object.entries(metadataRecords)) {
    if (message.key !== key) continue;
    const record = codec(message as Message, version).decode(reader);
    return { type, version, record } as unknown as MetadataRecord;
  }
  return undefined;
}
