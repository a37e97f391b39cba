/**
 * Records of the metadata log: brokers and controllers.
 *
 * - RegisterBrokerRecord 1: adds inControlledShutdown.
 * - RegisterBrokerRecord 2: adds isMigratingZkBroker.
 * - RegisterBrokerRecord 3: adds logDirs.
 * - RegisterBrokerRecord 4: adds cordonedLogDirs.
 * - BrokerRegistrationChangeRecord 1: adds inControlledShutdown.
 * - BrokerRegistrationChangeRecord 2: adds logDirs.
 * - BrokerRegistrationChangeRecord 3: adds cordonedLogDirs.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  uint16,
  uuid,
} from '../../schema/index.js';

export const registerBrokerRecord = message(
  'RegisterBrokerRecord',
  { key: 0, versions: [0, 4], flexible: 0 },
  {
    brokerId: int32,
    isMigratingZkBroker: boolean.since(2).default(false),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: array({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: array({
      name: string,
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
    rack: string.nullable(),
    fenced: boolean.default(true),
    inControlledShutdown: boolean.since(1).default(false),
    logDirs: array(uuid).tag(0).since(3),
    cordonedLogDirs: array(uuid).nullable().tag(1).since(4).default(null),
  },
);

export const unregisterBrokerRecord = message(
  'UnregisterBrokerRecord',
  { key: 1, versions: [0, 0], flexible: 0 },
  {
    brokerId: int32,
    brokerEpoch: int64,
  },
);

export const brokerRegistrationChangeRecord = message(
  'BrokerRegistrationChangeRecord',
  { key: 17, versions: [0, 3], flexible: 0 },
  {
    brokerId: int32,
    brokerEpoch: int64,
    fenced: int8.tag(0),
    inControlledShutdown: int8.tag(1).since(1),
    logDirs: array(uuid).tag(2).since(2),
    cordonedLogDirs: array(uuid).nullable().tag(3).since(3).default(null),
  },
);

export const fenceBrokerRecord = message(
  'FenceBrokerRecord',
  { key: 7, versions: [0, 0], flexible: 0 },
  {
    id: int32,
    epoch: int64,
  },
);

export const unfenceBrokerRecord = message(
  'UnfenceBrokerRecord',
  { key: 8, versions: [0, 0], flexible: 0 },
  {
    id: int32,
    epoch: int64,
  },
);

export const registerControllerRecord = message(
  'RegisterControllerRecord',
  { key: 27, versions: [0, 0], flexible: 0 },
  {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: boolean,
    endPoints: array({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: array({
      name: string,
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  },
);

export const unregisterControllerRecord = message(
  'UnregisterControllerRecord',
  { key: 29, versions: [0, 0], flexible: 0 },
  {
    controllerId: int32,
  },
);

export interface RegisterBrokerRecord extends Input<typeof registerBrokerRecord> {}
export interface RegisterBrokerRecordDecoded extends Decoded<typeof registerBrokerRecord> {}
export interface UnregisterBrokerRecord extends Input<typeof unregisterBrokerRecord> {}
export interface UnregisterBrokerRecordDecoded extends Decoded<typeof unregisterBrokerRecord> {}
export interface BrokerRegistrationChangeRecord
  extends Input<typeof brokerRegistrationChangeRecord> {}
export interface BrokerRegistrationChangeRecordDecoded
  extends Decoded<typeof brokerRegistrationChangeRecord> {}
export interface FenceBrokerRecord extends Input<typeof fenceBrokerRecord> {}
export interface FenceBrokerRecordDecoded extends Decoded<typeof fenceBrokerRecord> {}
export interface UnfenceBrokerRecord extends Input<typeof unfenceBrokerRecord> {}
export interface UnfenceBrokerRecordDecoded extends Decoded<typeof unfenceBrokerRecord> {}
export interface RegisterControllerRecord extends Input<typeof registerControllerRecord> {}
export interface RegisterControllerRecordDecoded extends Decoded<typeof registerControllerRecord> {}
export interface UnregisterControllerRecord extends Input<typeof unregisterControllerRecord> {}
export interface UnregisterControllerRecordDecoded
  extends Decoded<typeof unregisterControllerRecord> {}
