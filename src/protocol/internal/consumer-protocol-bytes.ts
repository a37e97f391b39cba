import {
  type ConsumerProtocolAssignment,
  type ConsumerProtocolAssignmentDecoded,
  type ConsumerProtocolSubscription,
  type ConsumerProtocolSubscriptionDecoded,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from './consumer-protocol.js';
import { decodeVersioned, encodeRecordValue } from './coordinator-record.js';

/** What a member of a classic consumer group says when it joins; version 0 to 3. */
export function encodeSubscription(
  version: number,
  subscription: ConsumerProtocolSubscription,
): Buffer {
  return encodeRecordValue(consumerProtocolSubscription, version, subscription);
}

/** Reads a subscription; one of a newer version is read as version 3. */
export function decodeSubscription(bytes: Buffer): ConsumerProtocolSubscriptionDecoded {
  return decodeVersioned(consumerProtocolSubscription, bytes);
}

/** What the leader of a classic consumer group assigns to a member; version 0 to 3. */
export function encodeAssignment(version: number, assignment: ConsumerProtocolAssignment): Buffer {
  return encodeRecordValue(consumerProtocolAssignment, version, assignment);
}

/** Reads an assignment; no bytes at all are an assignment of nothing. */
export function decodeAssignment(bytes: Buffer): ConsumerProtocolAssignmentDecoded {
  if (bytes.length === 0) return { assignedPartitions: [], userData: null };
  return decodeVersioned(consumerProtocolAssignment, bytes);
}
