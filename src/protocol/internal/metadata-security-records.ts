/**
 * Records of the metadata log: access control, credentials, delegation tokens and quotas.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  bytes,
  float64,
  int8,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';

export const accessControlEntryRecord = message(
  'AccessControlEntryRecord',
  { key: 18, versions: [0, 0], flexible: 0 },
  {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  },
);

export const removeAccessControlEntryRecord = message(
  'RemoveAccessControlEntryRecord',
  { key: 19, versions: [0, 0], flexible: 0 },
  {
    id: uuid,
  },
);

export const userScramCredentialRecord = message(
  'UserScramCredentialRecord',
  { key: 11, versions: [0, 0], flexible: 0 },
  {
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  },
);

export const removeUserScramCredentialRecord = message(
  'RemoveUserScramCredentialRecord',
  { key: 22, versions: [0, 0], flexible: 0 },
  {
    name: string,
    mechanism: int8,
  },
);

export const delegationTokenRecord = message(
  'DelegationTokenRecord',
  { key: 10, versions: [0, 0], flexible: 0 },
  {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  },
);

export const removeDelegationTokenRecord = message(
  'RemoveDelegationTokenRecord',
  { key: 26, versions: [0, 0], flexible: 0 },
  {
    tokenId: string,
  },
);

export const clientQuotaRecord = message(
  'ClientQuotaRecord',
  { key: 14, versions: [0, 0], flexible: 0 },
  {
    entity: array({
      entityType: string,
      entityName: string.nullable(),
    }),
    key: string,
    value: float64,
    remove: boolean,
  },
);

export interface AccessControlEntryRecord extends Input<typeof accessControlEntryRecord> {}
export interface AccessControlEntryRecordDecoded extends Decoded<typeof accessControlEntryRecord> {}
export interface RemoveAccessControlEntryRecord
  extends Input<typeof removeAccessControlEntryRecord> {}
export interface RemoveAccessControlEntryRecordDecoded
  extends Decoded<typeof removeAccessControlEntryRecord> {}
export interface UserScramCredentialRecord extends Input<typeof userScramCredentialRecord> {}
export interface UserScramCredentialRecordDecoded
  extends Decoded<typeof userScramCredentialRecord> {}
export interface RemoveUserScramCredentialRecord
  extends Input<typeof removeUserScramCredentialRecord> {}
export interface RemoveUserScramCredentialRecordDecoded
  extends Decoded<typeof removeUserScramCredentialRecord> {}
export interface DelegationTokenRecord extends Input<typeof delegationTokenRecord> {}
export interface DelegationTokenRecordDecoded extends Decoded<typeof delegationTokenRecord> {}
export interface RemoveDelegationTokenRecord extends Input<typeof removeDelegationTokenRecord> {}
export interface RemoveDelegationTokenRecordDecoded
  extends Decoded<typeof removeDelegationTokenRecord> {}
export interface ClientQuotaRecord extends Input<typeof clientQuotaRecord> {}
export interface ClientQuotaRecordDecoded extends Decoded<typeof clientQuotaRecord> {}
